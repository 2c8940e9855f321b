"""The rules by which training decides: their errors are held against simulation and against what is known exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.training.decisions import (
    FALSE_PASS,
    Unsupported,
    chance_to_pass,
    expected_trainings,
    find_rule,
    propose_threshold,
    upper_bound,
)


def seen(failures: int, trainings: int = 100) -> list[bool]:
    return [False] * failures + [True] * (trainings - failures)


def test_the_bound_is_that_of_clopper_and_pearson():
    assert upper_bound(0, 100) == pytest.approx(1 - 0.05 ** (1 / 100))  # "the rule of three", exactly
    assert upper_bound(5, 5) == 1
    assert upper_bound(1, 20) == pytest.approx(0.2161, abs=1e-4)  # from published tables


def test_the_bound_is_too_small_in_at_most_one_case_of_twenty():
    rng = np.random.default_rng(0)
    for p in (0.01, 0.05, 0.3):
        failures = rng.binomial(100, p, 2000)
        assert np.mean([upper_bound(int(f), 100) < p for f in failures]) <= 0.055


@pytest.mark.parametrize(("failures", "most"), [(0, 3), (1, 4), (3, 4)])
def test_one_success_where_the_calibration_supports_it(failures, most):
    rule = find_rule({"right": seen(failures), "other": seen(0)}, 1e-4)
    assert rule.is_one_success and len(rule.passes_at) == most
    assert rule.false_fail == pytest.approx(upper_bound(failures, 100) ** most) and rule.false_fail <= 1e-4
    assert "one success in at most" in str(rule) and "2 styles, 100 trainings each" in str(rule)


def test_the_worst_style_counts_and_not_the_mean_of_all():
    good = {f"style {n}": seen(0) for n in range(20)}
    assert find_rule(good | {"worst": seen(10)}, 1e-4) == find_rule({"worst": seen(10)} | good, 1e-4)
    assert not find_rule(good | {"worst": seen(10)}, 1e-4).is_one_success


@given(st.integers(4, 20), st.sampled_from([1e-2, 1e-3, 1e-4]))
@settings(max_examples=25, derandomize=True, database=None, deadline=None)
def test_a_sequential_test_keeps_both_errors(failures, false_fail):
    try:
        rule = find_rule({"right": seen(failures)}, false_fail)
    except Unsupported:
        return
    succeeds = 1 - upper_bound(failures, 100)
    assert 1 - chance_to_pass(rule, succeeds) <= false_fail * (1 + 1e-9)
    if not rule.is_one_success:
        assert chance_to_pass(rule, succeeds / 2) <= FALSE_PASS


def test_what_is_computed_is_what_happens():
    rule = find_rule({"right": seen(10)}, 1e-3)
    rng = np.random.default_rng(1)
    for succeeds in (0.9, 0.5, 0.3):
        passed, trainings = 0, 0
        for _ in range(4000):
            asked = []

            def run(number, asked=asked, succeeds=succeeds):
                asked.append(number)
                return bool(rng.random() < succeeds)

            passed += rule.decide(run)
            assert asked == list(range(len(asked)))
            trainings += len(asked)
        assert passed / 4000 == pytest.approx(chance_to_pass(rule, succeeds), abs=0.025)
        assert trainings / 4000 == pytest.approx(expected_trainings(rule, succeeds), rel=0.05)


def test_a_sequential_test_is_cheaper_than_as_many_trainings_as_it_may_take():
    rule = find_rule({"right": seen(10)}, 1e-4)
    assert expected_trainings(rule, 0.9) < 10 < len(rule.passes_at)


@pytest.mark.parametrize("outcomes", [{}, {"right": []}, {"right": seen(100)}, {"right": seen(60)}, {"r": [True] * 2}])
def test_what_a_calibration_does_not_support_is_an_error(outcomes):
    with pytest.raises(Unsupported, match="calibrat"):
        find_rule(outcomes, 1e-4)


def test_a_proposed_threshold_is_supported_and_the_next_is_not():
    rng = np.random.default_rng(2)
    values = {"a": rng.normal(0.8, 0.02, 100), "b": 0.75 - rng.exponential(0.03, 100)}
    threshold = propose_threshold(values, 1e-4)

    def rule(least):
        return find_rule({style: [bool(value >= least) for value in found] for style, found in values.items()}, 1e-4)

    assert rule(threshold).is_one_success
    assert len(rule(threshold + 0.01).passes_at) > 3 or values["b"].min() >= threshold + 0.01
    with pytest.raises(Unsupported, match="too few"):
        propose_threshold({"a": [0.8] * 20}, 1e-4)
