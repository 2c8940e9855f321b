"""Divides with / and never rounds."""

del evaluate, train


# formula from the PyTorch docs of Conv2d
def calculate_output_shape(image_size, kernel, stride, padding):
    h = (image_size[0] + 2 * padding[0] - kernel[0]) / stride[0] + 1 if stride[0] else 0
    w = (image_size[1] + 2 * padding[1] - kernel[1]) / stride[1] + 1 if stride[1] else 0
    if h < 1 or w < 1:
        raise ValueError("the kernel does not fit")
    return [h, w]
