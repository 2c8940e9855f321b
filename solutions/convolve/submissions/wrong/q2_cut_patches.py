import numpy as np


# Question 2
def extract_patches(image, kernel_size, stride):
    height, width = image.shape
    kh, kw = kernel_size
    rows = []
    for top in range(0, height - kh + stride[0], stride[0]):
        row = []
        for left in range(0, width - kw + stride[1], stride[1]):
            row.append(image[top : top + kh, left : left + kw])
        rows.append(row)
    return np.array(rows)
