# Question 1
def calculate_output_shape(image_size, kernel, stride, padding):
    sides = []
    for i, k, s, p in zip(image_size, kernel, stride, padding):
        if s == 0:
            raise ValueError("the window does not move")
        side = int((i + 2 * p - k) / s) + 1
        if side < 1:
            raise ValueError("the window does not fit")
        sides.append(side)
    return sides
