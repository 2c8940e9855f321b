"""Ignores the stride."""

del evaluate, train


def calculate_output_shape(image_size, kernel, stride, padding):
    if stride[0] == 0 or stride[1] == 0:
        raise ValueError("stride 0")
    out = [i + 2 * p - (k - 1) for i, k, p in zip(image_size, kernel, padding)]
    if min(out) < 1:
        raise ValueError("kernel too large")
    return out
