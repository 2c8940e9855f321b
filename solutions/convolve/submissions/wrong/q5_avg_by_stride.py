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

def pool(image, kernel_size, stride=None, how="max"):
    stride = stride or kernel_size
    p = np.stack([extract_patches(c, kernel_size, stride) for c in image])
    return p.max((3, 4)) if how == "max" else p.sum((3, 4)) / (stride[0] * stride[1])
