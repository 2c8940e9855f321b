"""What is a convolution worth on the tiny images of `convolve`? The reference network against dense ones, by seeds.

For each of 20 seeds, the emoji are placed anew, and four networks learn from the same images by the reference's own
`train_tiny`: its `TinyCNN`, and dense ones with at least as many parameters. They are judged on the hidden emoji. A row
a network and seed goes to ``results/tiny_images.csv``; ``results/tiny_images.md`` sums up, with 95 % confidence
intervals of the mean (Student's t, n - 1 degrees of freedom).
"""

import csv
import runpy
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from scipy import stats
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
CONVOLVE = ROOT / "solutions" / "convolve"
CSV = Path(__file__).resolve().parent / "results" / "tiny_images.csv"
SEEDS = range(20)

TINY_IMAGES = runpy.run_path(str(CONVOLVE / "tiny_images.py"))
REFERENCE = runpy.run_path(str(CONVOLVE / "submissions" / "right" / "reference.py"))


class Centred(nn.Module):
    """Puts pixels around 0, as the reference's `forward` does."""

    def forward(self, images):
        return (images - 0.75) * 4


def dense(*units):
    """A dense network (N, 3, 32, 32) to (N, 5) with hidden layers of so many units."""
    layers = [Centred(), nn.Flatten()]
    for before, after in zip((3 * 32 * 32, *units), units, strict=False):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(units[-1], 5))


NETWORKS = {
    "convolutional": REFERENCE["TinyCNN"],
    "dense, 14 units": lambda: dense(14),
    "dense, 14 and 14 units": lambda: dense(14, 14),
    "dense, 64 units": lambda: dense(64),
}


def images_of(folder, name, times, seed):
    """Emoji of a sheet, each placed `times` times: images (N, 3, 32, 32) and labels (N,)."""
    pictures, labels = TINY_IMAGES["read_pictures"](CONVOLVE / folder, name)
    placed = TINY_IMAGES["place"](np.concatenate([pictures] * times), np.random.default_rng((seed, times)))
    return torch.from_numpy(placed), torch.from_numpy(np.concatenate([labels] * times))


def accuracy_of(network, seed):
    """The share of hidden emoji that a network classifies rightly, after it was trained with a seed."""
    x_train, y_train = images_of("data", "train", 3, seed)
    x_hidden, y_hidden = images_of("hidden", "hidden", 4, seed)
    torch.manual_seed(seed)
    model = NETWORKS[network]()
    REFERENCE["train_tiny"](model, x_train, y_train)
    model.eval()
    with torch.no_grad():
        return (model(x_hidden).argmax(dim=1) == y_hidden).double().mean().item()


def recorded():
    """The accuracies in the results, by network, in the order of the seeds."""
    with CSV.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row["accuracy"]) for row in rows if row["network"] == name] for name in NETWORKS}


def interval(values):
    """Mean, and the ends of its 95 % confidence interval."""
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    return float(np.mean(values)), float(low), float(high)


def main():
    torch.set_num_threads(1)
    with CSV.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["network", "seed", "accuracy"])
        for seed in track(SEEDS, "seeds"):
            table.writerows([name, seed, f"{accuracy_of(name, seed):.4f}"] for name in NETWORKS)
    lines = [
        "# A convolutional network against dense ones",
        "",
        f"Accuracy on hidden emoji, {len(SEEDS)} seeds, by `{Path(__file__).name}`. Guessing gives .200.",
        "",
        "| network | parameters | mean | 95 % interval | lowest | highest |",
        "|---|---:|---:|---|---:|---:|",
    ]
    for name, values in recorded().items():
        mean, low, high = interval(values)
        parameters = sum(p.numel() for p in NETWORKS[name]().parameters())
        span = f"{low:.3f} to {high:.3f}"
        lines.append(f"| {name} | {parameters:,} | {mean:.3f} | {span} | {min(values):.3f} | {max(values):.3f} |")
    CSV.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
