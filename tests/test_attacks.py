"""The attacks that succeed against plain Otter, through a real `otter run` with our package."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
sys.path.append(str(BENCHMARKS))  # where the script finds its own helper

import attacks  # noqa: E402


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> Path:
    return attacks.our_package(attacks.ATTACKS / "assignment", tmp_path_factory.mktemp("package") / "ours")


@pytest.mark.parametrize("name", attacks.names())
def test_no_attack_gets_a_point(ours, tmp_path, name):
    graded = attacks.run_with({"ours": ours}, name, tmp_path / "run")["ours"]
    assert graded.trouble == "" and attacks.failure(name, graded) == ""


def test_the_committed_table_has_every_attack_and_each_succeeds_against_plain_otter():
    rows = [line.split(" | ") for line in attacks.RESULTS.read_text().splitlines() if line.startswith("| ")][1:]
    names = [row[0].removeprefix("| ").removeprefix("*control:* ") for row in rows]
    assert names == attacks.names()
    for name, (_, _, plain, ours) in zip(names, rows, strict=True):
        points = [int(cell.split()[0]) for cell in (plain, ours)]
        if name in attacks.CONTROLS:
            assert points == [attacks.CONTROLS[name]] * 2
        else:
            assert points[0] >= attacks.POSSIBLE and points[1] == 0, name
