"""Tries to reach the network.

On success it raises in question 1, so that a leak costs points and shows in the tests."""

import socket

del evaluate, train


def reach_out():
    """Try TCP, UDP and names. The addresses are those that are set aside for documentation."""
    reached = []
    for kind, address in ((socket.SOCK_DGRAM, ("192.0.2.1", 9)), (socket.SOCK_DGRAM, ("198.51.100.7", 53)),
                          (socket.SOCK_STREAM, ("203.0.113.5", 80))):
        try:
            with socket.socket(socket.AF_INET, kind) as s:
                s.settimeout(1)
                s.connect(address)  # for UDP this succeeds as soon as there is a way out
                s.send(b"labels, please")
                reached.append(address)
        except OSError:
            pass
    try:
        reached += socket.getaddrinfo("example.com", 80)[:1]
    except OSError:
        pass
    return reached


REACHED = reach_out()


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
