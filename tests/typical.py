"""What notebooks of such lessons do, as a submission: `run()` names what does not work."""

import asyncio
import concurrent.futures
import ctypes
import faulthandler
import gzip
import logging
import mmap
import multiprocessing
import os
import platform
import queue
import random
import resource
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import uuid
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def pandas():
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2, 3], "b": list("xyz")})
    frame.to_csv("frame.csv")
    pd.read_csv("frame.csv").groupby("b").sum()
    frame.to_pickle("frame.pkl")
    pd.read_pickle("frame.pkl").plot()


def figures():
    import matplotlib.pyplot as plt
    import seaborn

    fig, ax = plt.subplots()
    ax.plot([1, 2])
    seaborn.heatmap(np.eye(3), annot=True)
    for suffix in ("png", "pdf", "svg"):
        fig.savefig(f"figure.{suffix}")
    plt.imread("figure.png")
    plt.show()
    plt.close("all")


def machine_learning():
    from sklearn.cluster import KMeans
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import confusion_matrix
    from sklearn.model_selection import cross_val_score

    x = np.random.default_rng(0).random((100, 5))
    y = (x[:, 0] > 0.5).astype(int)
    LogisticRegression().fit(x, y)
    RandomForestClassifier(5, n_jobs=2).fit(x, y)
    cross_val_score(LogisticRegression(), x, y, n_jobs=2)
    KMeans(2).fit(x)
    confusion_matrix(y, y)


def science():
    import scipy.linalg
    import scipy.optimize
    import scipy.signal

    scipy.linalg.svd(np.eye(20))
    scipy.optimize.minimize(lambda x: (x**2).sum(), np.ones(3))
    scipy.signal.convolve2d(np.ones((5, 5)), np.ones((3, 3)))
    np.linalg.eigh(np.eye(5))
    np.fft.fft(np.ones(8))


def progress():
    from tqdm import tqdm
    from tqdm.auto import trange

    assert sum(tqdm(range(5))) == sum(trange(5)) == 10


def images():
    from PIL import Image
    from torchvision import models, transforms

    image = Image.fromarray(np.zeros((28, 28), np.uint8))
    for suffix in ("png", "jpg"):
        image.save(f"image.{suffix}")
        Image.open(f"image.{suffix}").load()
    transforms.ToTensor()(image)
    models.resnet18()(torch.zeros(2, 3, 64, 64))


def training():
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))
    x, y = torch.randn(64, 1, 28, 28), torch.randint(0, 10, (64,))
    model(x)
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(3):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    torch.save(model.state_dict(), "model.pt")
    model.load_state_dict(torch.load("model.pt", mmap=True))
    torch.save(model, "whole.pt")
    torch.load("whole.pt", weights_only=False)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(x)
    torch.jit.script(nn.Linear(2, 2))(torch.zeros(1, 2))
    torch.compile(nn.Linear(2, 2), backend="eager")(torch.zeros(1, 2))
    with torch.profiler.profile() as profile:
        torch.ones(3).sum()
    str(profile.key_averages())


def loading():
    from torch.utils.data import DataLoader, TensorDataset

    dataset = TensorDataset(torch.zeros(10, 2))
    assert len(list(DataLoader(dataset, 4, shuffle=True, num_workers=2, pin_memory=True))) == 3


def threads():
    torch.set_num_threads(2)
    torch.randn(300, 300) @ torch.randn(300, 300)
    torch.set_num_threads(1)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(abs, range(-3, 0))) == [3, 2, 1]
    timer = threading.Timer(0.01, queue.Queue().put, [1])
    timer.start()
    timer.join()


def temporary():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a").write_text("x")
        shutil.copy(f"{folder}/a", f"{folder}/b")
        shutil.copy2(f"{folder}/a", f"{folder}/c")
        shutil.copytree(folder, f"{folder}-copy")
        shutil.rmtree(f"{folder}-copy")
        shutil.move(f"{folder}/a", f"{folder}/d")
    for kind in (tempfile.NamedTemporaryFile, tempfile.TemporaryFile, tempfile.SpooledTemporaryFile):
        with kind() as file:
            file.write(b"xx")


def files():
    os.makedirs("a/b", exist_ok=True)
    Path("a/b/c").write_text("x")
    assert len(list(os.walk("."))) > 2
    os.rename("a/b/c", "a/b/d")
    os.replace("a/b/d", "a/b/e")
    os.symlink("a", "l")
    os.link("a/b/e", "h")
    assert os.readlink("l") == "a" and os.path.realpath("l").endswith("/a")
    Path("h").touch()
    os.chmod("h", 0o700)
    os.utime("h", (1, 1))
    os.stat("h")
    os.access("h", os.R_OK)
    shutil.disk_usage(".")
    with open("h", "r+b") as file:
        os.posix_fallocate(file.fileno(), 0, 8192)
        assert os.stat("h").st_size == 8192
        file.truncate(5)
        os.fsync(file.fileno())
    shutil.rmtree("a")
    os.chdir(os.getcwd())


def arrays_on_disk():
    np.memmap("memory", mode="w+", shape=(100,))[:] = 1
    np.save("array.npy", np.zeros(5))
    np.load("array.npy", mmap_mode="r")
    np.savez("arrays.npz", a=1)
    assert np.load("arrays.npz")["a"] == 1
    np.savetxt("array.txt", np.eye(2))
    np.loadtxt("array.txt")
    mmap.mmap(-1, 100).close()


def archives():
    Path("member").write_text("x")
    with zipfile.ZipFile("z.zip", "w") as archive:
        archive.write("member")
    zipfile.ZipFile("z.zip").extractall("unzipped")
    with tarfile.open("t.tgz", "w:gz") as tar:
        tar.add("member")
    with tarfile.open("t.tgz") as tar:
        tar.extractall("untarred")
    with gzip.open("g.gz", "w") as file:
        file.write(b"x")
    database = sqlite3.connect("s.db")
    database.execute("create table t(a)")
    database.commit()
    database.close()


def waiting():
    async def nap():
        await asyncio.sleep(0.01)
        return await asyncio.to_thread(abs, -1)

    assert asyncio.run(nap()) == 1
    read, write = os.pipe()
    os.write(write, b"x")
    assert select.select([read], [], [], 1)[0] and os.read(read, 1) == b"x"
    with select.epoll() as poll:
        poll.register(read)
        poll.poll(0)
    os.dup2(os.dup(read), write)
    one, other = socket.socketpair()
    one.settimeout(1)
    one.sendall(b"x")
    assert other.recv(1) == b"x"


def signals():
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    time.sleep(0.05)
    signal.alarm(0)
    faulthandler.enable()


def itself():
    for ask in (os.cpu_count, os.getpid, os.getppid, os.getuid, os.uname, os.times, platform.platform, uuid.uuid4):
        ask()
    os.sched_getaffinity(0)
    resource.getrusage(resource.RUSAGE_SELF)
    resource.getrlimit(resource.RLIMIT_AS)
    random.SystemRandom().random()
    time.process_time()
    time.thread_time()
    torch.cuda.is_available()
    os.isatty(0)


def words():
    logging.basicConfig(filename="log")
    logging.warning("x")
    warnings.warn("x", stacklevel=1)
    print("x", file=sys.stderr, flush=True)


def foreign():
    pointer = ctypes.POINTER(ctypes.c_int)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer)(lambda a, b: a[0] - b[0])
    numbers = (ctypes.c_int * 3)(3, 1, 2)
    ctypes.CDLL(None).qsort(numbers, 3, 4, compare)
    assert list(numbers) == [1, 2, 3]


def refused_politely():
    """What can't work raises what it raises on a machine that lacks it."""
    for attempt in (
        lambda: subprocess.run(["ls"], check=False),
        lambda: multiprocessing.Process(target=abs).start(),
        lambda: socket.create_connection(("example.org", 80), timeout=1),
    ):
        try:
            attempt()
        except OSError:
            continue
        raise AssertionError("should have been refused")


HABITS = (
    pandas, figures, machine_learning, science, progress, images, training, loading, threads, temporary, files,
    arrays_on_disk, archives, waiting, signals, itself, words, foreign, refused_politely,
)  # fmt: skip


def run():
    failed = []
    for habit in HABITS:
        try:
            habit()
        except Exception as error:
            failed.append(f"{habit.__name__}: {type(error).__name__}: {error}")
    return failed
