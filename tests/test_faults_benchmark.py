"""The benchmark of faulty trainings: each fault can be applied, the halves are what the seed gives, a sample runs."""

import csv
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent / "benchmarks" / "faults"
sys.path.insert(0, str(HERE))
import catalogue  # noqa: E402
import measure  # noqa: E402
import verify  # noqa: E402

FAULTS = {half: catalogue.read(half) for half in catalogue.HALVES}
ALL = [fault for half in catalogue.HALVES for fault in FAULTS[half]]


def test_there_are_as_many_as_it_says():
    assert all(len(faults) >= 60 for faults in FAULTS.values())
    assert len({fault.name for fault in ALL}) == len(ALL)
    assert {fault.name.partition("/")[0] for fault in ALL} == set(catalogue.EPOCHS)


@pytest.mark.parametrize("half", catalogue.HALVES)
def test_each_fault_applies_once_and_has_causes_that_exist(half):
    for fault in FAULTS[half]:
        assert 1 <= len(fault.change) <= 2, fault.name
        compile(fault.apply().source, fault.name, "exec")
        assert fault.causes, fault.name
        assert set(fault.causes) <= catalogue.CAUSES.keys(), fault.name
        assert fault.source, fault.name


def test_a_fragment_that_is_missing_or_there_twice_is_refused():
    for fragment in ("no such text", "model"):
        with pytest.raises(catalogue.BadFault):
            catalogue.Fault("fashion_cnn/bad", ("no-step",), "", ((fragment, ""),)).apply()


def test_the_halves_are_what_the_seed_gives():
    assert {half: sorted(f.name for f in FAULTS[half]) for half in FAULTS} == catalogue.split(ALL)
    assert catalogue.split(reversed(ALL)) == catalogue.split(ALL)
    counts = {half: Counter(fault.causes[0] for fault in faults) for half, faults in FAULTS.items()}
    for cause in counts["build"] | counts["measure"]:
        assert abs(counts["build"][cause] - counts["measure"][cause]) <= 1, cause


def test_each_was_verified():
    rows = {}
    for half in catalogue.HALVES:
        with verify.results_of(half).open(newline="", encoding="utf-8") as file:
            rows |= {row["training"]: row["ok"] for row in csv.DictReader(file)}
    assert rows == dict.fromkeys([*catalogue.EPOCHS, *(fault.name for fault in ALL)], "True")


def test_our_names_have_codes():
    assert {*measure.OURS.values(), *measure.GRADSNITCH.values()} <= catalogue.CAUSES.keys()


def test_a_cause_counts_where_it_is_named():
    fault = catalogue.Fault("fashion_cnn/x", ("no-step", "no-backward"), "", ())
    tally = measure.Tally()
    for codes in [("no-backward", "schedule"), ("schedule", "no-step"), ("schedule",), ()]:
        tally.add(fault, measure.Named(codes))
    assert (tally.trainings, tally.first, tally.second, tally.false, tally.nothing) == (4, 1, 2, 2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["digits_by_hand/sign_of_the_step", "wine_norm/loss_sign"])
def test_a_sample_runs_and_hurts(fault):
    [fault] = [f for f in ALL if f.name == fault]
    working = verify.run((catalogue.base(fault.name.partition("/")[0]), 0), print)
    assert verify.is_visible(fault, [verify.run((fault.apply(), 0), print)], [working])
    assert all(isinstance(code, str) for code in measure.by_diagnose((fault.apply(), 0), print).codes)
