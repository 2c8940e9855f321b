"""Returns four numbers, as output.shape shows them."""

del evaluate, train


def calculate_output_shape(image_size: list[int], kernel: list[int], stride: list[int], padding: list[int]):
    h, w = image_size
    h = h + 2 * padding[0]
    w = w + 2 * padding[1]
    if h < kernel[0] or w < kernel[1] or min(stride) < 1:
        raise ValueError("impossible geometry")
    return [1, 1, (h - kernel[0]) // stride[0] + 1, (w - kernel[1]) // stride[1] + 1]
