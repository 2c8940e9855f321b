"""Ignores the padding."""

del evaluate, train


def calculate_output_shape(image_size, kernel, stride, padding):
    # slide the window over rows and columns and count where it stands
    rows = cols = 0
    if min(stride) < 1 or kernel[0] > image_size[0] + 2 * padding[0] or kernel[1] > image_size[1] + 2 * padding[1]:
        raise ValueError
    for top in range(0, image_size[0] - kernel[0] + 1, stride[0]):
        rows += 1
    for left in range(0, image_size[1] - kernel[1] + 1, stride[1]):
        cols += 1
    return [rows, cols]
