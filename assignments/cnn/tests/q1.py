from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = 0

@test_case(points=None, hidden=False)
def test_the_example(calculate_output_shape, env):
    from numbers import Integral
    assert callable(calculate_output_shape), 'calculate_output_shape is not defined: run the cell above.'
    answer = calculate_output_shape([8, 8], [3, 3], [1, 1], [0, 0])
    is_pair = isinstance(answer, (list, tuple)) and len(answer) == 2
    if answer is None or answer is ...:
        message = 'Nothing came back. Write the body of the function, and return the answer.'
    elif not is_pair:
        message = f'Return a list of two numbers, height and width. Yours is {answer}.'
    elif list(answer) == [6, 6]:
        message = f'{answer} has the right values, but a number of pixels is an int. Rounding down is //.'
    else:
        message = f'A 3 x 3 window stands at 6 x 6 places in an 8 x 8 picture. Your answer is {answer}.'
    is_right = is_pair and list(answer) == [6, 6] and all((isinstance(side, Integral) for side in answer))
    assert is_right, message

@test_case(points=None, hidden=False)
def test_harder_geometries(calculate_output_shape, env):
    import torch
    from torch import nn
    assert callable(calculate_output_shape), 'calculate_output_shape is not defined: run the cell above.'
    cases = {'a longer kernel': ([8, 8], [5, 5], [1, 1], [0, 0]), 'padding, which is added on both sides': ([8, 8], [3, 3], [1, 1], [1, 1]), "a stride of 2, where the last step doesn't fit and is left out": ([8, 8], [3, 3], [2, 2], [0, 0]), 'height and width that differ in everything': ([30, 20], [5, 3], [3, 2], [2, 0])}
    for what, (image_size, kernel, stride, padding) in cases.items():
        conv = nn.Conv2d(1, 1, kernel, stride, padding, device='meta')
        expected = list(conv(torch.empty(1, 1, *image_size, device='meta')).shape[2:])
        answer = calculate_output_shape(image_size, kernel, stride, padding)
        question = f'image_size={image_size}, kernel={kernel}, stride={stride}, padding={padding}'
        message = f'This one has {what}. For {question} PyTorch gives {expected}, you give {answer}.'
        is_right = isinstance(answer, (list, tuple)) and list(answer) == expected
        assert is_right, message

@test_case(points=None, hidden=False)
def test_impossible_geometries(calculate_output_shape, env):
    assert callable(calculate_output_shape), 'calculate_output_shape is not defined: run the cell above.'
    cases = {'a 9 x 9 window in an 8 x 8 picture': ([8, 8], [9, 9], [1, 1], [0, 0]), 'a window that is too wide, though not too high': ([8, 8], [3, 11], [1, 1], [1, 1]), 'a window that is too high, with a stride of 2': ([7, 8], [8, 3], [2, 2], [0, 0]), 'a stride of 0': ([8, 8], [3, 3], [0, 1], [0, 0])}
    for what, geometry in cases.items():
        message = f'{what.capitalize()} is impossible, so it should raise a ValueError.'
        try:
            outcome = f' It returned {calculate_output_shape(*geometry)}.'
        except ValueError:
            outcome = ''
        except Exception as error:
            outcome = f' It raised {type(error).__name__}.'
        assert not outcome, message + outcome

