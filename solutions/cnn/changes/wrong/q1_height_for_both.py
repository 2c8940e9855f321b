"""Computes the height and returns it for both axes."""

del evaluate, train


def calculate_output_shape(image_size, kernel, stride, padding):
    for d in (0, 1):
        if stride[d] < 1 or kernel[d] > image_size[d] + 2 * padding[d]:
            raise ValueError("impossible")
    # everything is square, so one side is enough
    side = (image_size[0] + 2 * padding[0] - kernel[0]) // stride[0] + 1
    return [side, side]
