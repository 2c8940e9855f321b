"""A Dask cluster on this machine, of processes of their own, as a person would start it."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client

HERE = Path(__file__).parent
# Below a session of its own: Ctrl-C on a command's terminal does not reach a cluster.
_DASK = (sys.executable, "-m", "dask")


class Cluster:
    """A scheduler, and workers that are started and killed."""

    def __init__(self, folder):
        self.folder = folder
        self.workers = []
        self.temporary = folder / "tmp"  # of the workers
        self.temporary.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")

    def _start(self, what, *arguments, prefix=(), environment=()):
        with (self.folder / f"{what}.log").open("a") as log:
            return subprocess.Popen(
                [*prefix, *_DASK, what, *arguments],
                env={**os.environ, "PYTHONPATH": str(HERE), "TMPDIR": str(self.temporary), **dict(environment)},
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_worker(self, *arguments, threads=2, **how):
        """One more, which is there when this returns."""
        before = len(self.there())
        options = ["--nthreads", str(threads), "--no-dashboard", "--local-directory", self.folder]
        self.workers.append(self._start("worker", self.address, *map(str, options), *arguments, **how))
        while len(self.there()) == before:
            assert self.workers[-1].poll() is None, (self.folder / "worker.log").read_text()
            time.sleep(0.05)
        return self.workers[-1]

    def there(self):
        """The addresses of the workers that there are."""
        with Client(self.address, timeout=60, set_as_default=False) as client:
            return list(client.nthreads())

    def end_workers(self):
        """End all workers; none is there when this returns."""
        _end(self.workers)
        self.workers.clear()
        while self.there():
            time.sleep(0.05)

    def close(self):
        _end([*self.workers, self.scheduler])


def _end(processes):
    for process in processes:
        process.terminate()
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()
