"""Never subtracts the kernel."""

del evaluate, train


def calculate_output_shape(image_size, kernel, stride, padding):
    res = []
    for size, k, s, p in zip(image_size, kernel, stride, padding):
        total = size + 2 * p
        if k > total or s < 1:
            raise ValueError("kernel must fit and stride must be >= 1")
        res.append(total // s + 1)
    return res
