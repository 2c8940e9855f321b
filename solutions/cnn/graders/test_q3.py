"""q3: the class CNN, from (N, 1, 28, 28) to scores (N, 10)."""

import numpy as np
import pytest

from autograder import Key, Probes, StudentError, listed, points, tensor


def images_of(training, count):
    return training.images[:count]


def scores(model, images):
    """Outputs of the model in evaluation mode, or the reason why there are none."""
    model.eval()
    output = model(tensor(images))
    assert output is not None, "The `forward` of your CNN returns nothing yet: it is to return the scores."
    assert isinstance(output, np.ndarray), "The `forward` of your CNN does not return a tensor."
    return output


@points(1, "Turns (N, 1, 28, 28) into (N, 10) for any N")
@pytest.mark.parametrize("count", [1, 2, 7])
def test_output_shape(model, training, count):
    try:
        output = scores(model, images_of(training, count))
    except StudentError as error:
        pytest.fail(
            f"With a batch of {count} your CNN fails: {error}. No batch size belongs in the code: take it from "
            "`x.shape[0]`, or use `x.flatten(1)`."
        )
    assert output.shape == (count, 10), (
        f"A batch of {count} images gives {output.shape}, not {(count, 10)}: each image is to give one row of ten "
        "scores. If the number of rows is off, look at how you flatten: `x.flatten(1)` keeps images apart."
    )


@points(1, "What an image gets does not depend on the others in its batch")
def test_samples_are_independent(model, training):
    images = images_of(training, 7)
    together = scores(model, images)
    assert together.shape == (7, 10), f"A batch of 7 images gives {together.shape}, not (7, 10)."
    assert np.array_equal(together, scores(model, images), equal_nan=True), (
        "This can't be told: in evaluation mode your CNN gives the same images other scores each time."
    )
    for n in range(7):
        alone = scores(model, images[n : n + 1])
        assert alone.shape == (1, 10) and np.allclose(alone[0], together[n], rtol=1e-3, atol=1e-4), (
            f"Image {n} gets other scores alone than among six others, in evaluation mode. Look at `view` and "
            "`reshape`, which can mix images, and at layers that use statistics of the batch."
        )


@points(1, "In evaluation mode the same images get the same scores twice")
def test_same_scores_twice(model, training):
    images = images_of(training, 7)
    first, second = scores(model, images), scores(model, images)
    assert np.array_equal(first, second, equal_nan=True), (
        f"Two passes over the same images in evaluation mode differ by up to {np.abs(first - second).max():.3f}. "
        "`F.dropout` drops in evaluation mode, too, unless it gets `training=self.training`; `nn.Dropout` does this "
        "by itself."
    )


@pytest.fixture
def watched(model, probes: Probes, training, key: Key):
    """What there is in one forward and backward pass."""
    images = images_of(training, 32)
    weights = key.rng("q3 gradients").standard_normal((32, 10)).astype(np.float32)
    return probes.watched_pass(model, images, weights, "CNN()")


@points(1.25, "All layers are registered, and gradients reach them")
def test_gradients_reach_every_layer(watched):
    gradients, unregistered = watched.gradients, watched.unregistered
    assert not unregistered, (
        f"Your forward pass uses parameters that `model.parameters()` does not list (of shapes {unregistered}), so "
        "no optimizer will train them. Keep layers as attributes (`self.conv1 = ...`) or in an nn.ModuleList."
    )
    assert gradients, "Your CNN has no parameters: create the layers in `__init__`, as attributes."
    dead = [name for name, size in gradients.items() if not size]
    assert not dead, f"No gradient reaches {listed(dead)}. Is every layer used, and nothing detached?"


@points(1.5, "An activation stands between any two layers")
def test_activation_after_each_convolution(model, probes: Probes, training):
    images = images_of(training, 32)
    scores(model, images)  # there are some
    layers = probes.layers(model, images, "CNN()")
    if layers is None:
        return  # no layer leads to the scores by a way that gradients go, which is another check's matter
    assert layers.convolutions > 0, (
        "No convolution of your CNN leads to its scores, or not by a way that gradients go: is something detached?"
    )
    if layers.bare:
        one, other = (name[:60] for name in layers.bare[0])
        pytest.fail(
            f"Between `{one}` and `{other}` stands no activation whose result is used. Two linear maps in a row are "
            "one linear map, so the second adds nothing. Max pooling alone is not an activation: add a ReLU, for "
            "instance."
        )


@points(0.25, "Two models share no parameter", claimed=True)
def test_constructions_share_nothing(submission, probes: Probes, training):
    one, other = submission.CNN(), submission.CNN()
    for made in (one, other):
        probes.warm_up(made, images_of(training, 2), "CNN()")
    names = probes.parameters(one, "CNN()")
    assert names, "Your CNN has no parameters: create the layers in `__init__`, as attributes."
    shared = probes.shared_parameters(one, other, "CNN()")
    assert not shared, (
        f"Two models made by `CNN()` share {listed(shared)}: training one would change the other. Create the "
        "layers in `__init__` instead of using those of question 2."
    )
