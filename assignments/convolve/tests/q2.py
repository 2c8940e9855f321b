from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = 0

@test_case(points=None, hidden=False)
def test_patches_of_the_picture(extract_patches, env):
    import numpy as np
    assert callable(extract_patches), 'extract_patches is not defined: run the cell above.'
    picture = np.arange(20).reshape(4, 5)
    patches = extract_patches(picture, (2, 2), (2, 1))
    assert patches is not None and patches is not ..., 'Nothing came back. Return the array of patches.'
    message = f'There are 2 rows of 4 places, so the shape is (2, 4, 2, 2). Yours is {np.shape(patches)}.'
    if np.shape(patches) == (3, 2, 2, 2):
        message += ' A stride of (2, 1) means 2 down and 1 to the right.'
    if np.shape(patches) == (4, 2, 2, 2):
        message += ' The rows of places come first: result[row, column].'
    assert np.shape(patches) == (2, 4, 2, 2), message
    message = f'The second patch of the lower row is [[11, 12], [16, 17]]. Yours is {np.array(patches[1][1]).tolist()}.'
    assert np.allclose(patches[1][1], [[11, 12], [16, 17]]), message
    message = f'Return an array, as np.array makes one of lists. Yours is a {type(patches).__name__}.'
    assert hasattr(patches, 'dtype'), message

@test_case(points=None, hidden=False)
def test_windows_that_are_not_square(extract_patches, env):
    import numpy as np
    assert callable(extract_patches), 'extract_patches is not defined: run the cell above.'
    image = np.random.default_rng(0).random((7, 10))
    patches = extract_patches(image, (3, 2), (2, 3))
    assert patches is not None and patches is not ..., 'Nothing came back. Return the array of patches.'
    message = 'A 3 x 2 window with stride (2, 3) stands at 3 x 3 places of a 7 x 10 picture, so the shape is '
    message += f'(3, 3, 3, 2). Yours is {np.shape(patches)}.'
    assert np.shape(patches) == (3, 3, 3, 2), message
    message = 'The last patch begins in row 4 and column 6. Yours holds something else.'
    assert np.allclose(patches[2][2], image[4:7, 6:8], atol=1e-05), message

@test_case(points=None, hidden=False)
def test_extract_patches_is_written_by_hand(extract_patches, env):
    import numpy as np
    from diagnosis.withheld import CONVOLUTIONS, Withheld, without
    assert callable(extract_patches), 'extract_patches is not defined: run the cell above.'
    failure = None
    try:
        with without(*CONVOLUTIONS):
            answer = extract_patches(np.arange(20.0).reshape(4, 5), (2, 2), (2, 1))
    except Withheld as error:
        failure = f'{error}, in NumPy.'
    assert failure is None, failure
    assert answer is not None and answer is not ..., 'Nothing came back. Return the array of patches.'

