import numpy as np


# Question 2
def extract_patches(image, kernel_size, stride):
    (height, width), (kh, kw), (down, right) = image.shape, kernel_size, stride
    n_rows = (height - kh) // down + 1
    n_cols = (width - kw) // right + 1
    patches = np.empty((n_rows, n_cols, kh, kw), dtype=int)
    for row in range(n_rows):
        for column in range(n_cols):
            top, left = row * down, column * right
            patches[row, column] = image[top : top + kh, left : left + kw]
    return patches
