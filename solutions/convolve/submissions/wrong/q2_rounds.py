import numpy as np

def extract_patches(image, kernel_size, stride):
    (h, w), (kh, kw), (down, right) = image.shape, kernel_size, stride
    rows, cols = round((h - kh) / down) + 1, round((w - kw) / right) + 1
    padded = np.pad(image, ((0, kh + down), (0, kw + right)))
    return np.array([[padded[r * down:r * down + kh, c * right:c * right + kw] for c in range(cols)] for r in range(rows)])
