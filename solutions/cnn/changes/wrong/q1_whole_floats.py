"""Divides with / and rounds with np.floor, so that the values are right but floats."""

import numpy as np


def calculate_output_shape(image_size, kernel, stride, padding):
    output_shape = []
    for i in range(2):
        if stride[i] == 0 or image_size[i] + 2 * padding[i] < kernel[i]:
            raise ValueError("not possible")
        output_shape.append(float(np.floor((image_size[i] + 2 * padding[i] - kernel[i]) / stride[i] + 1)))
    return output_shape
