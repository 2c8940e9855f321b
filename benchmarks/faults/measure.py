"""How often does a diagnosis name the right cause? Run it on one half of the faulty trainings.

    python benchmarks/faults/measure.py --half build --seeds 1

A training counts once for each seed. What is named first may be accepted or false; where nothing is named, it is
neither. Intervals are exact (Clopper and Pearson, 95 %). ``results/`` gets a summary, and of the half to build on a
row for each training; of the other half no single training is shown, so that nobody writes a rule for it.
"""

import argparse
import csv
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import torch
from catalogue import EPOCHS, HALVES, HERE, Fault, Training, base, read
from rich.progress import track
from scipy.stats import binomtest
from torch.optim.optimizer import register_optimizer_step_pre_hook

from autograder.assignment import load_assignment
from autograder.batch.collect import SubmissionFile
from autograder.batch.engine import Returned, Tell
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_all
from autograder.diagnosis import diagnose
from autograder.diagnosis.known import KNOWN
from autograder.sandbox import choose

LESSON = HERE.parents[1] / "solutions" / "cnn"
CONVOLUTIONAL = ("fashion_cnn", "fashion_norm")  # what the lesson `cnn` asks for

_AS_HERE = {"weights-zero": "initialisation", "loss-cut-off": "gradient-cut"}
OURS = {entry.name: _AS_HERE.get(code, code) for code, entry in KNOWN.items()}
"""The names that our diagnosis gives, and their codes."""

GRADSNITCH = {
    "GS001": "learning-rate-too-large",
    "GS002": "learning-rate-too-large",
    "GS003": "learning-rate-too-large",
    "GS004": "overfits",
    "GS005": "learning-rate-too-small",
    "GS006": "learning-rate-too-large",
    "GS007": "saturating-activation",
    "GS009": "learning-rate-too-large",
    "GS010": "schedule",
}
"""The rules of gradsnitch, and the first cause that each gives as likely; GS008 says which of two it is."""


@dataclass(frozen=True)
class Named:
    """What was named as the cause of a training, by codes, the likeliest first; unknown names stay as they are."""

    codes: tuple[str, ...]
    trouble: str = ""


def by_diagnose(task: tuple[Training, int], _tell: Tell[Named]) -> Named:
    """What ``diagnose`` says, as a student calls it."""
    training, seed = task
    torch.set_num_threads(1)
    make, train = training.load()
    x, y, _, _ = training.data
    torch.manual_seed(seed)
    return Named(tuple(OURS.get(cause.name, cause.name) for cause in diagnose(make, train, x, y).causes[:3]))


def by_gradsnitch(task: tuple[Training, int], _tell: Tell[Named]) -> Named:
    """What gradsnitch says, fed at each step of an optimizer with the loss, the gradients and the rate."""
    import gradsnitch

    training, seed = task
    torch.set_num_threads(1)
    make, train = training.load()
    torch.manual_seed(seed)
    model = make()
    monitor = gradsnitch.watch(model)
    losses: list[float] = []
    original = torch.Tensor.backward

    def backward(loss: torch.Tensor, *args: object, **kwargs: object) -> object:
        losses.append(float(loss.detach()))
        return original(loss, *args, **kwargs)

    def on_step(optimizer: torch.optim.Optimizer, _args: object, _kwargs: object) -> None:
        monitor.optimizer = optimizer
        if losses:
            monitor.log(len(monitor.rows), losses[-1])

    handle = register_optimizer_step_pre_hook(on_step)
    torch.Tensor.backward = backward
    try:
        train(model)
    finally:
        torch.Tensor.backward = original
        handle.remove()
    codes = []
    for finding in gradsnitch.lint(monitor.df()):
        size = "large" if "too high" in finding.name else "small"
        codes.append(GRADSNITCH.get(finding.code, f"learning-rate-too-{size}"))
    return Named(tuple(dict.fromkeys(codes)))


DIAGNOSES: dict[str, Callable[[tuple[Training, int], Tell[Named]], Named]] = {
    "diagnose": by_diagnose,
    "gradsnitch": by_gradsnitch,
}


def run_all(name: str, tasks: list[tuple[Training, int]]) -> Iterator[tuple[Training, Named]]:
    """What a diagnosis names for each of the tasks, as soon as it is known."""
    with closing(LocalEngine(len(os.sched_getaffinity(0))).run(DIAGNOSES[name], tasks)) as outcomes:
        for (training, _), outcome in track(outcomes, name, total=len(tasks)):
            if isinstance(outcome, Returned):
                yield training, outcome.value
            else:
                yield training, Named((), str(getattr(outcome, "error", outcome)))


def by_graders(trainings: list[Training]) -> Iterator[tuple[Training, Named]]:
    """What the graders of the lesson `cnn` name, for trainings of its kind handed in as submissions."""
    by_file = {f"{training.name.replace('/', '-')}.py": training for training in trainings}
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, training in by_file.items():
            path = Path(folder) / name
            path.write_text(submission_of(training), encoding="utf-8")
            files.append(SubmissionFile(name, path))
        engine = LocalEngine(len(os.sched_getaffinity(0)))
        graded = grade_all(load_assignment(LESSON), files, choose(forbidden=(LESSON,)), engine, questions=("q3", "q4"))
        for result in track(graded, "graders", total=len(files)):
            words = "\n".join(check.feedback for check in result.checks)
            places = {code: words.find(f"Most likely: {name}") for name, code in OURS.items()}
            found = sorted((place, code) for code, place in places.items() if place >= 0)
            yield by_file[result.submission], Named(tuple(code for _, code in found), result.trouble)


def submission_of(training: Training) -> str:
    """A submission to the lesson `cnn` whose network and training are these, and all else is the reference's."""
    reference = (LESSON / "submissions" / "right" / "reference.py").read_text(encoding="utf-8")
    return f"{reference}\n\n{training.source}\n\nCNN = Net\n"


@dataclass
class Tally:
    """Over so many trainings: what was named."""

    trainings: int = 0
    first: int = 0  # an accepted cause was named first
    second: int = 0  # an accepted cause was first or second
    false: int = 0  # another cause was named first
    nothing: int = 0
    instead: Counter[str] = field(default_factory=Counter)  # the false ones

    def add(self, fault: Fault, named: Named) -> None:
        """Count one training."""
        self.trainings += 1
        self.first += bool(named.codes) and named.codes[0] in fault.causes
        self.second += any(code in fault.causes for code in named.codes[:2])
        self.nothing += not named.codes
        if named.codes and named.codes[0] not in fault.causes:
            self.false += 1
            self.instead[named.codes[0]] += 1


def with_interval(number: int, of: int) -> str:
    """A share and its exact 95 % interval, in percent."""
    if not of:
        return "none"
    low, high = binomtest(number, of).proportion_ci(method="exact")
    return f"{number} of {of}: {number / of:.0%} ({low:.0%} to {high:.0%})"


def summary(half: str, diagnosis: str, faults: list[Fault], came: list[tuple[Training, Named]], seeds: int) -> str:
    """The figures, as Markdown."""
    by_name = {fault.name: fault for fault in faults}
    total, by_cause = Tally(), defaultdict(Tally)
    for training, named in came:
        if training.name in by_name:
            fault = by_name[training.name]
            total.add(fault, named)
            by_cause[fault.causes[0]].add(fault, named)
    working = [bool(named.codes) for training, named in came if training.name not in by_name]
    # The guess knows the half to build on only, whichever is measured.
    [(commonest, _)] = Counter(sorted(fault.causes[0] for fault in read("build"))).most_common(1)
    counted = [by_name[training.name] for training, _ in came if training.name in by_name]
    guessed = sum(commonest in fault.causes for fault in counted)
    lines = [
        f"# {diagnosis}, on the half to {half}{' on' if half == 'build' else ' with'}",
        "",
        f"{len({fault.name for fault in counted})} faulty trainings, {seeds} seed{'s' * (seeds > 1)} each, "
        "by `measure.py`; exact 95 % intervals.",
        "",
        f"- An accepted cause named first: {with_interval(total.first, total.trainings)}",
        f"- among the first two: {with_interval(total.second, total.trainings)}",
        f"- a false cause named first: {with_interval(total.false, total.trainings)}",
        f"- nothing named: {with_interval(total.nothing, total.trainings)}",
        f"- Who always guesses `{commonest}`, the commonest to build on: {with_interval(guessed, total.trainings)}",
        f"- Working trainings for which a cause was named: {with_interval(sum(working), len(working))}",
        f"- The diagnosis itself failed: {sum(bool(named.trouble) for _, named in came)}",
        "",
        "| cause | trainings | first | first two | false | nothing | named instead |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for cause, tally in sorted(by_cause.items()):
        instead = ", ".join(f"{name} ({count})" for name, count in tally.instead.most_common())
        figures = [tally.trainings, tally.first, tally.second, tally.false, tally.nothing]
        lines.append(f"| {cause} | {' | '.join(map(str, figures))} | {instead} |")
    return "\n".join(lines) + "\n"


def write_rows(path: Path, faults: Iterable[Fault], came: list[tuple[Training, Named]]) -> None:
    """A row for each training and seed: what is accepted, and what was named."""
    accepted = {fault.name: " ".join(fault.causes) for fault in faults}
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["training", "accepted", "named", "trouble"])
        for training, named in sorted(came, key=lambda pair: pair[0].name):
            table.writerow([training.name, accepted.get(training.name, ""), " | ".join(named.codes), named.trouble])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=HALVES, default="build")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--diagnosis", choices=[*DIAGNOSES, "graders"], default="diagnose")
    options = parser.parse_args()
    faults = read(options.half)
    trainings = [*map(base, EPOCHS), *(fault.apply() for fault in faults)]
    if options.diagnosis == "graders":
        options.seeds = 1  # the key of the lesson is the seed
        came = list(by_graders([training for training in trainings if training.base in CONVOLUTIONAL]))
    else:
        came = list(run_all(options.diagnosis, [(t, seed) for seed in range(options.seeds) for t in trainings]))
    words = summary(options.half, options.diagnosis, faults, came, options.seeds)
    print(words)
    results = HERE / "results"
    results.mkdir(exist_ok=True)
    (results / f"{options.half}_{options.diagnosis}.md").write_text(words, encoding="utf-8")
    if options.half == "build":
        write_rows(results / f"build_{options.diagnosis}.csv", faults, came)


if __name__ == "__main__":
    main()
