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
    if stride is None:
        stride = kernel_size
    patches = np.stack([extract_patches(channel, kernel_size, stride) for channel in image])
    if how == "max":
        return patches.max(axis=(0, 3, 4))
    return patches.mean(axis=(0, 3, 4))
