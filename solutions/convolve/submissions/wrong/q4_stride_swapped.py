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


# Question 4
def convolve(image, weight, bias, stride):
    filters, channels, kh, kw = weight.shape
    patches = np.stack([extract_patches(channel, (kh, kw), stride[::-1]) for channel in image])  # (C, H', W', kh, kw)
    return np.einsum("crsij,fcij->frs", patches, weight) + bias[:, None, None]
