"""Computes a shape for impossible geometries, too."""

del evaluate, train


def calculate_output_shape(image_size, kernel, stride, padding):
    height = (image_size[0] + 2 * padding[0] - kernel[0]) // stride[0] + 1
    width = (image_size[1] + 2 * padding[1] - kernel[1]) // stride[1] + 1
    return [height, width]
