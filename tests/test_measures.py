"""The grader's own accuracy and loss, against PyTorch's."""

import tracemalloc

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (what everybody calls it)

from autograder.diagnosis.measures import compare_parameters, rescaled_nll
from autograder.training import accuracy, cross_entropy, mean_nll, output_kind

LOGITS = torch.randn(50, 10, generator=torch.Generator().manual_seed(0)) * 3
LABELS = torch.arange(50) % 10


def test_kinds_of_output_are_told_apart():
    assert output_kind(LOGITS.numpy()) == "logits"
    assert output_kind(LOGITS.log_softmax(1).numpy()) == "log-probabilities"
    assert output_kind(LOGITS.softmax(1).numpy()) == "probabilities"
    assert output_kind(LOGITS.sigmoid().numpy()) == "probabilities"
    assert output_kind(np.full((3, 10), np.nan)) == "invalid"
    assert output_kind(np.full((3, 10), np.inf)) == "invalid"
    assert output_kind(np.ones((3, 10), int)) == "invalid"
    assert output_kind(np.ones(10)) == "invalid"
    certain = np.where(np.eye(10) > 0, 0.0, -np.inf)
    assert output_kind(certain) == "log-probabilities", "softmax may underflow"


def test_the_loss_is_pytorch_s_whatever_the_kind():
    expected = F.cross_entropy(LOGITS, LABELS).item()
    for outputs in (LOGITS, LOGITS.log_softmax(1), LOGITS.softmax(1)):
        array = outputs.double().numpy()
        assert mean_nll(array, LABELS.numpy(), output_kind(array)) == pytest.approx(expected, rel=1e-5)
    sigmoid = LOGITS.sigmoid().double()
    normalised = sigmoid / sigmoid.sum(1, keepdim=True)
    expected = F.nll_loss(normalised.log(), LABELS).item()
    assert mean_nll(sigmoid.numpy(), LABELS.numpy(), "probabilities") == pytest.approx(expected)


def test_the_loss_is_finite_for_certain_mistakes():
    certain = np.eye(10)[[1] * 10]
    assert np.isfinite(mean_nll(certain, np.zeros(10, int), "probabilities"))
    assert np.isnan(mean_nll(certain, np.zeros(10, int), "invalid"))
    far_off = np.where(np.eye(10)[[1] * 10] > 0, 1000.0, 0.0)
    assert mean_nll(far_off, np.zeros(10, int), "logits") == pytest.approx(1000), "a loss that diverged is not cut"


def test_softmax_before_cross_entropy_has_its_floor():
    """log(e + 9) - 1 = 1.461 nats: the loss that certain and right probabilities have as logits."""
    assert cross_entropy(np.eye(10), np.arange(10)) == pytest.approx(np.log(np.e + 9) - 1)


def test_accuracy_counts_a_row_with_nan_as_wrong():
    outputs = np.eye(3)
    assert accuracy(outputs, np.array([0, 1, 0])) == pytest.approx(2 / 3)
    outputs[0, 2] = np.nan
    assert accuracy(outputs, np.array([0, 1, 0])) == pytest.approx(1 / 3)


def test_comparing_large_parameters_takes_little_memory():
    before = {"weight": np.ones((2048, 2048), np.float32), "odd": np.ones(3, np.int64)}
    after = {"weight": np.full((2048, 2048), 3, np.float32), "odd": np.ones(3, np.int64)}
    tracemalloc.start()
    compared = compare_parameters(before, after)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert compared["moved"] == pytest.approx(2, abs=1e-5) and compared["unchanged"] == ("odd",)
    assert peak < before["weight"].nbytes, "a claimed parameter is held once, by who was sent it"


def test_scores_that_mean_something_but_for_their_size_are_measured_at_their_best_scale():
    labels = np.arange(40) % 4
    noise = np.random.default_rng(0).standard_normal((40, 4))
    learned = 0.2 * np.eye(4)[labels] + 0.03 * noise  # as after training by squared error, and right for all
    assert mean_nll(learned, labels, "logits") > 1.2
    assert rescaled_nll(learned, labels) < 0.1
    assert rescaled_nll(1000 * learned, labels) == pytest.approx(rescaled_nll(learned, labels), rel=1e-6)
    assert rescaled_nll(noise, labels) > 0.8 * np.log(4) and rescaled_nll(-learned, labels) == pytest.approx(np.log(4))
    assert np.isnan(rescaled_nll(np.full((40, 4), np.nan), labels))
