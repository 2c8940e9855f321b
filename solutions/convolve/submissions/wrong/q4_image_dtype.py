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

def convolve(image, weight, bias, stride):
    f, c, kh, kw = weight.shape
    n_rows = (image.shape[1] - kh) // stride[0] + 1
    n_cols = (image.shape[2] - kw) // stride[1] + 1
    out = np.zeros((f, n_rows, n_cols), dtype=image.dtype)
    for k in range(f):
        for i in range(n_rows):
            for j in range(n_cols):
                t, l = i * stride[0], j * stride[1]
                out[k, i, j] = (image[:, t:t + kh, l:l + kw] * weight[k]).sum() + bias[k]
    return out
