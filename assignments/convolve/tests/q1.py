from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = 0

@test_case(points=None, hidden=False)
def test_zebra(make_zebra, env):
    import numpy as np
    assert callable(make_zebra), 'make_zebra is not defined: run the cell above.'
    zebra = make_zebra(3, 5)
    assert zebra is not None and zebra is not ..., 'Nothing came back. Write the function, and return the array.'
    message = f'make_zebra(3, 5) should have the shape (3, 5): height first. Yours has {np.shape(zebra)}.'
    assert np.shape(zebra) == (3, 5), message
    message = f'Each row should be 0 1 0 1 0. Your make_zebra(3, 5):\n{zebra}'
    assert np.array_equal(zebra, [[0, 1, 0, 1, 0]] * 3), message
    message = f'Return an array, as np.array makes one of lists. Yours is a {type(zebra).__name__}.'
    assert hasattr(zebra, 'dtype'), message
    message = f'The array should hold whole numbers: dtype=int. Yours is of {zebra.dtype}.'
    assert np.asarray(zebra).dtype.kind in 'iu', message

@test_case(points=None, hidden=False)
def test_checkerboard(make_checkerboard, env):
    import numpy as np
    assert callable(make_checkerboard), 'make_checkerboard is not defined: run the cell above.'
    board = make_checkerboard(3, 4)
    assert board is not None and board is not ..., 'Nothing came back. Write the function, and return the array.'
    message = f'make_checkerboard(3, 4) should have the shape (3, 4). Yours has {np.shape(board)}.'
    assert np.shape(board) == (3, 4), message
    message = f'Each row should begin with the other number than the row above. Your make_checkerboard(3, 4):\n{board}'
    assert np.array_equal(board, [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]), message
    message = f'Return an array, as np.array makes one of lists. Yours is a {type(board).__name__}.'
    assert hasattr(board, 'dtype'), message
    message = f'The array should hold whole numbers: dtype=int. Yours is of {board.dtype}.'
    assert np.asarray(board).dtype.kind in 'iu', message

@test_case(points=None, hidden=False)
def test_flat_difference(flat_difference, env):
    import numpy as np
    assert callable(flat_difference), 'flat_difference is not defined: run the cell above.'
    a, b = (np.array([[0, 1], [1, 1]]), np.array([[0, 1], [0, 1]]))
    share = flat_difference(a, b)
    assert share is not None and share is not ..., 'Nothing came back. Return the share.'
    message = f'One of four positions differs, which is a share of 0.25. You return {share}.'
    assert np.shape(share) == () and abs(share - 0.25) < 1e-09, message
    message = 'Two patterns that differ everywhere have a share of 1.0, equal ones of 0.0.'
    assert abs(flat_difference(a, 1 - a) - 1) < 1e-09 and abs(flat_difference(a, a)) < 1e-09, message

