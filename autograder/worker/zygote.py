"""A process that has imported what an assignment preloads, and forks a worker for each submission.

It runs no code of a submission, holds no secret, and listens to its grader alone: on the control socket, one packet a
request, one packet a reply.

==================  =======================================================================
request             reply
==================  =======================================================================
the order, as JSON  ``ready``, or what went wrong
``fork``, and the   the child's process id here; in the child nothing is sent, and it goes on
worker's socket
``wait PID``        what the child ended with, as :func:`os.waitstatus_to_exitcode` gives it
==================  =======================================================================
"""

from __future__ import annotations

import gc
import os
import socket

from .namespaces import fork_into_new_pids

MAX_REQUEST = 1 << 16  # bytes


class ThreadsRunning(Exception):
    """A process with more than one thread can't be forked safely: the child would have the locks of the others."""


def serve_forks(control: socket.socket, *, new_pids: bool) -> socket.socket:
    """Fork on request until the grader closes the control socket; returns in each child, with its connection.

    ``new_pids`` says whether each child is to be the first process of a PID namespace of its own.

    Raises:
        ThreadsRunning: what was imported before has started threads.
    """
    if len(os.listdir("/proc/self/task")) > 1:
        raise ThreadsRunning("a module that is preloaded starts threads, with which no worker can be forked")
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC) if new_pids else None
    # A collection in a child would write to each object, and so copy every page that holds one.
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 1)
        if not request:
            os._exit(0)
        if request == b"fork":
            child = os.fork() if own is None else fork_into_new_pids(own)
            if child == 0:
                return _take_over(descriptors[0])
            os.close(descriptors[0])
            control.send(str(child).encode())
        else:
            _, status = os.waitpid(int(request.split()[1]), 0)
            control.send(str(os.waitstatus_to_exitcode(status)).encode())


def _take_over(descriptor: int) -> socket.socket:
    """What a child does first: it keeps its connection and nothing else of the zygote's, and says who it is."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, 1 << 16)
    connection = socket.socket(fileno=descriptor)
    connection.set_inheritable(False)
    connection.send(b"\0")  # with it, the kernel tells the grader which process this is outside
    return connection
