"""Tries the kernel: its settings, memory that processes share, mounts, other programs, what may only be read.

On success it raises in question 1, so that a hole costs points and shows in the tests."""

import ctypes
import os

del conv1, maxpool1, conv2, maxpool2, linear1, CNN, evaluate, train, plot_history, plot_confusion

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {  # by their numbers on x86-64 and aarch64
    "shared memory": ((29, 194), (0x5EC, 4096, 0o1666)),
    "a queue": ((68, 186), (0x5EC, 0o1666)),
    "semaphores": ((64, 190), (0x5EC, 1, 0o1666)),
    "memory as a file": ((319, 279), (b"x", 0)),
    "a thread with files of its own": ((56, 220), (0x3D0B00, 0, 0, 0, 0)),
    "a user namespace": ((272, 97), (0x10000000,)),
    "a ring": ((425, 425), (8, ctypes.create_string_buffer(120))),
    "mounts": ((457, 457), (0, 0, 0, 0)),
    "another program": ((59, 221), (b"/bin/true", 0, 0)),
}


def reach():
    reached = []
    column = {"x86_64": 0, "aarch64": 1}[os.uname().machine]
    for name, (numbers, arguments) in CALLS.items():
        if libc.syscall(numbers[column], *arguments) != -1 or ctypes.get_errno() not in (1, 38):
            reached.append(name)
    settings = [os.path.join(folder, file) for folder, _, files in os.walk("/proc/sys") for file in files]
    for path, flags in [(path, os.O_WRONLY) for path in settings] + [(os.__file__, os.O_RDONLY | os.O_TRUNC)]:
        try:
            os.close(os.open(path, flags))
            reached.append(path)
        except OSError:
            pass
    return reached


REACHED = reach()


def calculate_output_shape(image_size, kernel, stride, padding):
    if REACHED:
        raise RuntimeError(f"reached {REACHED}")
    output_shape = []
    for i in range(2):
        if stride[i] <= 0:
            raise ValueError("stride must be positive")
        if kernel[i] > image_size[i] + 2 * padding[i]:
            raise ValueError("kernel larger than padded image")
        output_shape.append((image_size[i] + 2 * padding[i] - kernel[i]) // stride[i] + 1)
    return output_shape
