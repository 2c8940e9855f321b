from otter.test_files import test_case

OK_FORMAT = False

name = "q5"
points = 0

@test_case(points=None, hidden=False)
def test_pooling_by_hand(pool, env):
    import numpy as np
    assert callable(pool), 'pool is not defined: run the cell above.'
    image = np.array([[[1.0, 3, 0, 2], [4, 2, 1, 1]]])
    answer = pool(image, (2, 2))
    assert answer is not None and answer is not ..., 'Nothing came back. Return the array.'
    message = f'2 x 2 windows side by side give the shape (1, 1, 2). Yours is {np.shape(answer)}.'
    if np.shape(answer) == (1, 1, 3):
        message += ' Without a stride, the stride is the kernel size, not 1.'
    assert np.shape(answer) == (1, 1, 2), message
    for how, expected in {'max': [4, 2], 'avg': [2.5, 1]}.items():
        got = np.array(pool(image, (2, 2), how=how)).flatten().tolist()
        message = f'With how="{how}" the answer is {expected}. You get {got}.'
        assert np.allclose(got, expected), message
    message = f'Return an array, as np.array makes one of lists. Yours is a {type(answer).__name__}.'
    assert hasattr(answer, 'dtype'), message

@test_case(points=None, hidden=False)
def test_pooling_as_pytorch(pool, env):
    import numpy as np
    import torch
    assert callable(pool), 'pool is not defined: run the cell above.'
    image = np.random.default_rng(0).normal(size=(3, 9, 11))
    functions = {'max': torch.nn.functional.max_pool2d, 'avg': torch.nn.functional.avg_pool2d}
    for how, function in functions.items():
        for kernel_size, stride in (((3, 2), None), ((3, 2), (1, 2)), ((2, 4), (3, 1))):
            expected = function(torch.tensor(image), kernel_size, stride).numpy()
            answer = pool(image, kernel_size, stride, how)
            assert answer is not None and answer is not ..., 'Nothing came back. Return the array.'
            message = f'For kernel_size={kernel_size}, stride={stride}, how="{how}" PyTorch gives the shape '
            message += f'{expected.shape}, you give {np.shape(answer)}.'
            assert np.shape(answer) == expected.shape, message
            message = f'''For kernel_size={kernel_size}, stride={stride}, how="{how}" the numbers are not PyTorch's.'''
            assert np.allclose(answer, expected, rtol=0.0001, atol=1e-05), message

@test_case(points=None, hidden=False)
def test_pool_is_written_by_hand(pool, env):
    import numpy as np
    from diagnosis.withheld import CONVOLUTIONS, Withheld, without
    assert callable(pool), 'pool is not defined: run the cell above.'
    failure = None
    try:
        with without(*CONVOLUTIONS):
            answer = (pool(np.ones((2, 4, 6)), (2, 3)), pool(np.ones((2, 4, 6)), (2, 3), how='avg'))
    except Withheld as error:
        failure = f'{error}, in NumPy.'
    assert failure is None, failure
    assert answer[0] is not None and answer[0] is not ..., 'Nothing came back. Return the array.'

