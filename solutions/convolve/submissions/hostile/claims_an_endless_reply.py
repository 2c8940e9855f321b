"""Replaces the encoder by one that announces a reply of 2^60 bytes."""

import socket
import struct

original = socket.socket.sendall


def make_zebra(height, width):
    socket.socket.sendall = lambda self, data: original(self, data[:12] + struct.pack(">IQ", 10, 1 << 60) + data[24:])


make_checkerboard = flat_difference = make_zebra
