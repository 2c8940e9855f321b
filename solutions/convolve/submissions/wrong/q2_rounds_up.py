import numpy as np


# Question 2
def extract_patches(image, kernel_size, stride):
    (height, width), (kh, kw), (down, right) = image.shape, kernel_size, stride
    n_rows = int(np.ceil((height - kh) / down)) + 1
    n_cols = int(np.ceil((width - kw) / right)) + 1
    padded = np.zeros(((n_rows - 1) * down + kh, (n_cols - 1) * right + kw))
    padded[:height, :width] = image
    return np.array(
        [
            [padded[r * down : r * down + kh, c * right : c * right + kw] for c in range(n_cols)]
            for r in range(n_rows)
        ]
    )
