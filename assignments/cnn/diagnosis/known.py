"""The causes that are known: for each a stable code, what it is called, what to do, and what to read of it."""

from __future__ import annotations

from dataclasses import dataclass

_TUTORIAL = "https://docs.pytorch.org/tutorials/beginner/"
_REFERENCE = "https://docs.pytorch.org/docs/stable/generated/torch."
_BOOK = "https://d2l.ai/"


@dataclass(frozen=True)
class Entry:
    """What is known of a cause."""

    name: str
    advice: str
    read: str  # an address
    place: str = ""  # of :attr:`.causes.Seen.places`, where to look


_RATES = "Try others, a factor of about 3 apart: 1e-3 for Adam and 1e-2 for SGD are where to begin."
_LOOP = f"{_TUTORIAL}basics/optimization_tutorial.html"
_DATA = f"{_TUTORIAL}basics/data_tutorial.html"
_AUTOGRAD = f"{_TUTORIAL}basics/autogradqs_tutorial.html"
_CROSS_ENTROPY = f"{_REFERENCE}nn.CrossEntropyLoss.html"
_METRICS = f"{_TUTORIAL}introyt/trainingyt.html"
_INITIALISATION = f"{_BOOK}chapter_multilayer-perceptrons/numerical-stability-and-init.html"

KNOWN: dict[str, Entry] = {
    "no-zero-grad": Entry(
        "gradients are never set to zero",
        "Call `optimizer.zero_grad()` for each batch, before `loss.backward()`.",
        _LOOP,
        "backward",
    ),
    "weights-set-back": Entry(
        "what was learned is thrown away at the end",
        "What is kept as the best weights has to be a copy, `copy.deepcopy(model.state_dict())`, made when they are "
        "the best ones: is it made before the training, and never again?",
        "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html",
    ),
    "gradients-cleared": Entry(
        "the gradients are cleared before the step uses them",
        "`optimizer.zero_grad()` belongs before `loss.backward()` or after `optimizer.step()`, not in between.",
        _LOOP,
        "step",
    ),
    "no-backward": Entry(
        "`backward()` is never called",
        "For each batch: the loss, `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.",
        _LOOP,
        "model",
    ),
    "no-step": Entry(
        "`optimizer.step()` is never called",
        "Call `optimizer.step()` for each batch, after `loss.backward()`.",
        _LOOP,
        "backward",
    ),
    "step-outside-loop": Entry(
        "there is one step for many batches",
        "`optimizer.step()` belongs inside the loop over batches: look at how far it is indented.",
        _LOOP,
        "step",
    ),
    "loss-sign": Entry(
        "the loss is made larger, not smaller",
        "Look for a minus before the loss, or for `+=` where a step is made by hand: optimizers minimise.",
        _LOOP,
        "backward",
    ),
    "targets-broadcast": Entry(
        "every prediction is compared with every target",
        "Bring both to one shape, by `predictions.squeeze(1)` or `targets.unsqueeze(1)`.",
        "https://docs.pytorch.org/docs/stable/notes/broadcasting.html",
        "loss",
    ),
    "optimizer-incomplete": Entry(
        "the optimizer does not hold all of the model's parameters",
        "Make the optimizer of `model.parameters()`, after all layers are made.",
        f"{_REFERENCE}optim.Optimizer.html",
        "step",
    ),
    "optimizer-other-model": Entry(
        "the optimizer does not hold the parameters of the model that was given",
        "Make the optimizer of `model.parameters()`, of the argument `model` itself: not of a copy, and not of a "
        "new model.",
        _LOOP,
        "step",
    ),
    "optimizer-renewed": Entry(
        "the optimizer is made anew again and again", "Make one optimizer, before the loop over epochs.", _LOOP, "step"
    ),
    "model-renewed": Entry(
        "the weights are drawn anew during training",
        "Make and initialise the model once, before the loop over epochs.",
        _INITIALISATION,
        "model",
    ),
    "too-little-training": Entry(
        "training ends early, or leaves images out",
        "Does the loop go over all batches in each of `epochs` epochs, and does `return` stand after the loop?",
        _LOOP,
        "model",
    ),
    "too-few-steps": Entry(
        "batches are so large that there are few steps",
        "Take batches of 16 to 128 images, with a step for each.",
        _DATA,
        "model",
    ),
    "learning-rate-too-small": Entry("the learning rate is too small", _RATES, _LOOP, "step"),
    "learning-rate-too-large": Entry("the learning rate is too large", _RATES, _LOOP, "step"),
    "schedule": Entry(
        "a scheduler spoils the learning rate",
        "Does `scheduler.step()` stand in the loop that the scheduler was made for, that over batches or that over "
        "epochs? Try without it first.",
        f"{_REFERENCE}optim.lr_scheduler.LRScheduler.html",
        "step",
    ),
    "weight-decay-too-strong": Entry(
        "weight decay, or another penalty, is too strong",
        "Leave it away first; 1e-4 is where to begin.",
        f"{_BOOK}chapter_linear-regression/weight-decay.html",
        "step",
    ),
    "dropout-too-strong": Entry(
        "dropout takes too much away",
        "Its `p` is the share that is taken away, not the one that is kept: .2 to .5 are usual.",
        f"{_REFERENCE}nn.Dropout.html",
        "dropout",
    ),
    "clipping-too-tight": Entry(
        "gradients are clipped to almost nothing",
        "Clip to a norm of about 1, or not at all.",
        f"{_REFERENCE}nn.utils.clip_grad_norm_.html",
        "step",
    ),
    "softmax-before-cross-entropy": Entry(
        "softmax before cross-entropy",
        "Give cross-entropy the scores as they leave the last linear layer.",
        _CROSS_ENTROPY,
        "loss",
    ),
    "sigmoid-before-cross-entropy": Entry(
        "sigmoid before cross-entropy",
        "Give cross-entropy the scores as they leave the last linear layer.",
        _CROSS_ENTROPY,
        "loss",
    ),
    "activation-after-last-layer": Entry(
        "an activation after the last layer",
        "Let the last linear layer's output be the scores.",
        _CROSS_ENTROPY,
        "activation",
    ),
    "nll-without-log": Entry(
        "NLLLoss of what are no log-probabilities",
        "Apply `log_softmax` to the scores first, or use cross-entropy, which does.",
        f"{_REFERENCE}nn.NLLLoss.html",
        "loss",
    ),
    "wrong-loss": Entry(
        "the loss does not fit the task",
        "For classes, use cross-entropy of the scores and the labels.",
        _CROSS_ENTROPY,
        "loss",
    ),
    "scores-too-large": Entry(
        "the scores begin far too large",
        "Are pixels of 0 to 255 divided by 255 once, and nowhere multiplied? Are weights drawn as PyTorch does?",
        _INITIALISATION,
    ),
    "gradient-cut": Entry(
        "no gradient reaches some of the layers",
        "Is each of these layers used in `forward`, and is nothing detached (`.detach()`, `.data`, "
        "`torch.no_grad()`) between it and the scores?",
        _AUTOGRAD,
    ),
    "loss-cut-off": Entry(
        "the loss is cut off from the model's parameters",
        "Look for `.detach()`, `.item()`, `.data`, `torch.no_grad()` or NumPy between the model and the loss.",
        _AUTOGRAD,
        "loss",
    ),
    "no-activation": Entry(
        "no activation between two layers",
        "Put an activation such as ReLU after each convolution and each hidden linear layer.",
        f"{_BOOK}chapter_multilayer-perceptrons/mlp.html",
    ),
    "saturating-activation": Entry(
        "activations saturate, so that gradients vanish",
        "Use ReLU in hidden layers, or weights and inputs that are smaller.",
        _INITIALISATION,
    ),
    "initialisation": Entry(
        "weights or biases begin badly",
        "Leave the initialisation to PyTorch's layers, or draw weights at random, as small as there.",
        _INITIALISATION,
    ),
    "weights-zero": Entry(
        "weights start at zero",
        "Leave the initialisation to PyTorch's layers, or draw weights at random.",
        _INITIALISATION,
    ),
    "dead-units": Entry(
        "the units of a layer are dead",
        "A ReLU whose input is never above 0 learns nothing: look at biases, the learning rate and the inputs.",
        _INITIALISATION,
    ),
    "samples-mixed": Entry(
        "what an image gets depends on the others in its batch",
        "Look at `view` and `reshape`, which can mix images: `x.flatten(1)` keeps them apart.",
        f"{_REFERENCE}flatten.html",
    ),
    "random-scores": Entry(
        "the scores are random even in evaluation mode",
        "`F.dropout` needs `training=self.training`; `nn.Dropout` does this by itself.",
        f"{_REFERENCE}nn.Dropout.html",
        "validation",
    ),
    "validated-in-train-mode": Entry(
        "the model is validated in training mode",
        "Call `model.eval()` before you validate, and `model.train()` at the start of each epoch.",
        f"{_REFERENCE}nn.Module.html",
        "validation",
    ),
    "unscaled-inputs": Entry(
        "the images are not scaled to small numbers",
        "Divide pixels of 0 to 255 by 255, once, or use those that are given as they are.",
        _DATA,
        "model",
    ),
    "scaled-twice": Entry(
        "the images are scaled to almost nothing",
        "Scale pixels once: look for a second division, in `forward` or in the loop.",
        _DATA,
        "model",
    ),
    "wrong-labels": Entry(
        "labels do not belong to their images",
        "Look at what is done to labels between the loader and the loss: are they shifted, mixed or taken from "
        "another batch?",
        _DATA,
        "loss",
    ),
    "other-data": Entry(
        "`train` learns from other images than those that it is given",
        "Use the arguments of `train`, and not variables of the notebook.",
        _DATA,
        "model",
    ),
    "not-mixed": Entry(
        "batches hold few classes: the images are not mixed",
        "Draw the images in a new random order in each epoch.",
        _DATA,
        "model",
    ),
    "validates-on-training-data": Entry(
        "validation is done on the training images",
        "Go through the validation images, which the training has not seen.",
        _DATA,
        "validation",
    ),
    "accuracy-is-error-rate": Entry(
        "the error rate is reported as the accuracy",
        "Count where predictions and labels are equal: `==`.",
        _METRICS,
        "validation",
    ),
    "accuracy-in-percent": Entry(
        "the accuracy is reported in percent", "Don't multiply by 100.", _METRICS, "validation"
    ),
    "accuracy-of-last-batch": Entry(
        "the accuracy counts the last batch only",
        "Add the right answers of all batches up, `+=` and not `=`, and divide by the number of images.",
        _METRICS,
        "validation",
    ),
    "accuracy-divisor": Entry(
        "the accuracy is divided by the wrong number",
        "Divide the number of right answers by the number of images that were asked about.",
        _METRICS,
        "validation",
    ),
    "accuracy-not-each-epoch": Entry(
        "the accuracy is not measured in each epoch",
        "Go through the validation images at the end of each epoch, inside the loop over epochs.",
        _METRICS,
        "validation",
    ),
    "validated-before-epoch": Entry(
        "the model is validated before the epoch, not after it",
        "Go through the validation images after the epoch's last step.",
        _METRICS,
        "validation",
    ),
    "best-so-far": Entry(
        "the best accuracy so far is reported",
        "Report what the model reaches at the end of each epoch.",
        _METRICS,
        "validation",
    ),
    "labels-broadcast": Entry(
        "every prediction is compared with every label",
        "Bring predictions and labels to the same shape, `(B,)`: a column against a row broadcasts to `(B, B)`.",
        "https://docs.pytorch.org/docs/stable/notes/broadcasting.html",
        "validation",
    ),
    "softmax-over-batch": Entry(
        "softmax is taken over the images of a batch",
        "Classes are the second axis: `softmax(dim=1)`, `argmax(dim=1)`.",
        f"{_REFERENCE}nn.Softmax.html",
        "validation",
    ),
    "loss-divisor": Entry(
        "a loss is divided by the wrong number",
        "Add up `loss.item() * len(labels)` and divide by the number of images; or add up mean losses and divide by "
        "the number of batches.",
        _METRICS,
    ),
    "loss-of-last-batch": Entry(
        "the loss that is reported is that of the last batch",
        "Add up `loss.item() * len(labels)` over all batches and divide by the number of images.",
        _METRICS,
    ),
    "wrong-metric": Entry(
        "predictions are compared with what they don't belong to",
        "Classes are the second axis of the scores, `argmax(dim=1)`, and each prediction belongs to the label of its "
        "image.",
        _METRICS,
        "validation",
    ),
    "overfits": Entry(
        "the model learns the training images by heart",
        "Give it fewer parameters, pooling, or dropout.",
        f"{_BOOK}chapter_linear-regression/generalization.html",
    ),
}
"""By their codes."""

CODES = {entry.name: code for code, entry in KNOWN.items()}
