import numpy as np


def extract_patches(image, kernel_size, stride):
    (height, width), (kh, kw), (down, right) = image.shape, kernel_size, stride
    n_rows = (height - kh) // down + 1
    n_cols = (width - kw) // right + 1
    patches = np.empty((n_rows, n_cols, kh, kw), dtype=image.dtype)
    for row in range(n_rows):
        for column in range(n_cols):
            top, left = row * down, column * right
            patches[row, column] = image[top : top + kh, left : left + kw]
    return patches


# Question 5
def pool(image, kernel_size, stride=None, how="max"):
    stride = kernel_size if stride is None else stride
    patches = np.stack([extract_patches(channel, kernel_size, stride) for channel in image])
    return patches.max(axis=(3, 4)) if how == "max" else patches.sum(axis=(3, 4))
