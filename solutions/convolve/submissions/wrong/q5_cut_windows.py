import numpy as np


# Question 5
def pool(image, kernel_size, stride=None, how="max"):
    stride = kernel_size if stride is None else stride
    (kh, kw), (down, right) = kernel_size, stride
    reduce = np.max if how == "max" else np.mean
    channels, height, width = image.shape
    n_rows = int(np.ceil((height - kh) / down)) + 1
    n_cols = int(np.ceil((width - kw) / right)) + 1
    out = np.zeros((channels, n_rows, n_cols))
    for c in range(channels):
        for i in range(n_rows):
            for j in range(n_cols):
                out[c, i, j] = reduce(image[c, i * down : i * down + kh, j * right : j * right + kw])
    return out
