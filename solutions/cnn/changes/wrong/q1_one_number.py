"""Returns one number instead of two."""

del evaluate, train


def calculate_output_shape(image_size, kernel, stride, padding):
    if stride[0] * stride[1] == 0:
        raise ValueError("stride")
    if kernel[0] > image_size[0] + 2 * padding[0] or kernel[1] > image_size[1] + 2 * padding[1]:
        raise ValueError("kernel")
    output_shape = (image_size[0] + 2 * padding[0] - kernel[0]) // stride[0] + 1
    return output_shape
