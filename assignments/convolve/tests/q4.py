from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = 0

@test_case(points=None, hidden=False)
def test_one_filter_by_hand(convolve, env):
    import numpy as np
    assert callable(convolve), 'convolve is not defined: run the cell above.'
    image = np.array([[[1.0, 2, 3], [4, 5, 6]]])
    weight = np.array([[[[1.0, 0], [0, 10]]]])
    answer = convolve(image, weight, np.array([100.0]), (1, 1))
    assert answer is not None and answer is not ..., 'Nothing came back. Return the array.'
    message = f'One filter at 1 x 2 places gives the shape (1, 1, 2). Yours is {np.shape(answer)}.'
    assert np.shape(answer) == (1, 1, 2), message
    got = np.array(answer).flatten().tolist()
    message = f'1 * 1 + 10 * 5 + 100 = 151 and 1 * 2 + 10 * 6 + 100 = 162. You get {got}.'
    if np.allclose(got, [51, 62]):
        message += ' The bias is missing.'
    if np.allclose(got, [115, 126]):
        message += ' Your kernel is turned round.'
    assert np.allclose(got, [151, 162]), message

@test_case(points=None, hidden=False)
def test_as_pytorch(convolve, env):
    import numpy as np
    import torch
    assert callable(convolve), 'convolve is not defined: run the cell above.'
    rng = np.random.default_rng(0)
    image, weight, bias = (rng.normal(size=(3, 8, 9)), rng.normal(size=(2, 3, 3, 2)), rng.normal(size=2))
    for stride in ((1, 1), (2, 3)):
        expected = torch.nn.functional.conv2d(*map(torch.tensor, (image, weight, bias)), stride=stride).numpy()
        answer = convolve(image, weight, bias, stride)
        message = f'With three channels, two filters and a stride of {stride} the shape should be {expected.shape}. '
        message += f'Yours is {np.shape(answer)}.'
        assert np.shape(answer) == expected.shape, message
        message = "The shape is right, but the numbers are not PyTorch's. Does every filter use all three channels, "
        message += 'each with its own kernel, and its own bias?'
        assert np.allclose(answer, expected), message

