"""Does every working training learn, and does every fault hurt, or spoil what is reported? ``results/verified_*.csv``.

A fault of a training hurts where it costs at least five points of accuracy on the validation data, in the mean of the
seeds; one of a report, where the last number reported differs by a twentieth from what the working one reports.
"""

import argparse
import csv
import os
import statistics
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch
from catalogue import EPOCHS, HALVES, HERE, REPORTED, Fault, Half, Training, base, read
from rich.progress import track

from autograder.batch.engine import Returned, Tell
from autograder.batch.local import LocalEngine

RESULTS = HERE / "results"
LEAST = {"fashion": 0.7, "digits": 0.85, "table": 0.75, "wine": 0.9, "waves": 0.9}  # accuracy of a working training
COST, SPOILT = 0.05, 0.05


@dataclass(frozen=True)
class Came:
    """What came of a training: accuracy on the validation data, and what was reported of the last epoch."""

    accuracy: float
    reported: dict[str, float]


def run(task: tuple[Training, int], _tell: Tell[Came]) -> Came:
    """Train with a seed."""
    training, seed = task
    torch.set_num_threads(1)
    make, train = training.load()
    torch.manual_seed(seed)
    model = make()
    history = train(model)
    _, _, x, y = training.data
    model.eval()
    with torch.no_grad():
        accuracy = (model(x).argmax(1) == y).double().mean().item()
    return Came(accuracy, {name: float(values[-1]) for name, values in history.items() if len(values)})


def all_came(trainings: Iterable[Training], seeds: int) -> dict[str, list[Came]]:
    """What came of each training with each seed, by name."""
    tasks = [(training, seed) for training in trainings for seed in range(seeds)]
    came: dict[tuple[str, int], Came] = {}
    with closing(LocalEngine(len(os.sched_getaffinity(0))).run(run, tasks)) as outcomes:
        for (training, seed), outcome in track(outcomes, "trainings", total=len(tasks)):
            if isinstance(outcome, Returned):
                came[training.name, seed] = outcome.value
            else:
                print(training.name, outcome)
    return {t.name: [came[t.name, s] for s in range(seeds) if (t.name, s) in came] for t in trainings}


def is_visible(fault: Fault, faulty: list[Came], working: list[Came]) -> bool:
    """Whether it hurts, or spoils what is reported."""
    if not faulty:
        return False
    if fault.causes[0] not in REPORTED:
        return statistics.mean(c.accuracy for c in working) - statistics.mean(c.accuracy for c in faulty) >= COST
    return all(
        any(abs(f.reported[name] - value) > SPOILT * abs(value) for name, value in w.reported.items())
        for f, w in zip(faulty, working, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    seeds = parser.parse_args().seeds
    faults = [fault for half in HALVES for fault in read(half)]
    came = all_came([*map(base, EPOCHS), *(fault.apply() for fault in faults)], seeds)
    RESULTS.mkdir(exist_ok=True)
    for half in HALVES:
        with results_of(half).open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["training", "accuracies", "working", "ok"])
            for name in EPOCHS:
                accuracies = [c.accuracy for c in came[name]]
                table.writerow([name, _shown(accuracies), "", min(accuracies) >= LEAST[name.partition("_")[0]]])
            for fault in read(half):
                working = came[fault.name.partition("/")[0]]
                shown = _shown(c.accuracy for c in came[fault.name]), _shown(c.accuracy for c in working)
                table.writerow([fault.name, *shown, is_visible(fault, came[fault.name], working)])


def results_of(half: Half) -> Path:
    """The table of a half; the working trainings stand in both."""
    return RESULTS / f"verified_{half}.csv"


def _shown(accuracies: Iterable[float]) -> str:
    return " ".join(f"{accuracy:.3f}" for accuracy in accuracies)


if __name__ == "__main__":
    main()
