from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = 0

@test_case(points=None, hidden=False)
def test_one_filter_by_hand(convolve, env):
    import numpy as np
    assert callable(convolve), 'convolve is not defined: run the cell above.'
    image = np.array([[[1, 2, 3], [4, 5, 6]]])
    weight = np.array([[[[1.0, 0], [0, 10]]]])
    answer = convolve(image, weight, np.array([100.5]), (1, 1))
    assert answer is not None and answer is not ..., 'Nothing came back. Return the array.'
    message = f'One filter at 1 x 2 places gives the shape (1, 1, 2). Yours is {np.shape(answer)}.'
    assert np.shape(answer) == (1, 1, 2), message
    got = np.array(answer).flatten().tolist()
    message = f'1 * 1 + 10 * 5 + 100.5 = 151.5 and 1 * 2 + 10 * 6 + 100.5 = 162.5. You get {got}.'
    if np.allclose(got, [51, 62]):
        message += ' The bias is missing.'
    if np.allclose(got, [115.5, 126.5]):
        message += ' Your kernel is turned round.'
    if np.allclose(got, [151, 162]):
        message += ' Values are cut to whole numbers: the array that you fill has to be one of floats.'
    assert np.allclose(got, [151.5, 162.5]), message
    message = f'Return an array, as np.array makes one of lists. Yours is a {type(answer).__name__}.'
    assert hasattr(answer, 'dtype'), message

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
        assert answer is not None and answer is not ..., 'Nothing came back. Return the array.'
        message = f'With three channels, two filters and a stride of {stride} the shape should be {expected.shape}. '
        message += f'Yours is {np.shape(answer)}.'
        assert np.shape(answer) == expected.shape, message
        message = "The shape is right, but the numbers are not PyTorch's. Does every filter use all three channels, "
        message += 'each with its own kernel, and its own bias?'
        assert np.allclose(answer, expected, rtol=0.0001, atol=1e-05), message

@test_case(points=None, hidden=False)
def test_convolve_is_written_by_hand(convolve, env):
    import numpy as np
    from diagnosis.withheld import CONVOLUTIONS, Withheld, without
    assert callable(convolve), 'convolve is not defined: run the cell above.'
    failure = None
    try:
        with without(*CONVOLUTIONS):
            answer = convolve(np.ones((2, 4, 5)), np.ones((3, 2, 2, 3)), np.zeros(3), (1, 1))
    except Withheld as error:
        failure = f'{error}, in NumPy.'
    assert failure is None, failure
    assert answer is not None and answer is not ..., 'Nothing came back. Return the array.'

