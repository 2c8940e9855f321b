import numpy as np


# Question 2
def extract_patches(image, kernel_size, stride):
    (height, width), (kh, kw), (down, right) = image.shape, kernel_size, stride
    n_rows = (height - kh) // down
    n_cols = (width - kw) // right
    patches = np.empty((n_rows, n_cols, kh, kw), dtype=image.dtype)
    for row in range(n_rows):
        for column in range(n_cols):
            top, left = row * down, column * right
            patches[row, column] = image[top : top + kh, left : left + kw]
    return patches
