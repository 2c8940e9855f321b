from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = 0

@test_case(points=None, hidden=False)
def test_history(train, CNN, CustomDataloader, x_train, y_train, x_val, y_val, env):
    import math
    assert callable(train), 'train is not defined: run the cell above.'
    assert isinstance(CNN, type), 'This needs the class CNN of question 3.'
    assert x_train is not None, 'This needs the images: run the cells of section 5 first.'
    train_data = CustomDataloader(x_train[:200], y_train[:200], batch_size=32, randomize=True)
    history = train(CNN(), train_data, CustomDataloader(x_val[:50], y_val[:50], batch_size=32), epochs=2)
    message = 'train returned nothing. Write its body, and return the history.'
    assert history is not None and history is not ..., message
    for key in ('train_loss', 'val_loss', 'val_accuracy'):
        assert isinstance(history, dict) and key in history, f'The history has no list {key!r}.'
        values = history[key]
        message = f'{key} should be a list of 2 numbers after 2 epochs, one for each. Yours is {values}.'
        assert isinstance(values, (list, tuple)) and len(values) == 2, message
        message = f'{key} should hold floats, not {type(values[0]).__name__}. loss.item() makes a float.'
        assert all((isinstance(value, (float, int)) for value in values)), message
        message = f'{key} holds {values}, which are not finite numbers. Is the learning rate too large?'
        assert all((math.isfinite(value) for value in values)), message
    accuracies = history['val_accuracy']
    message = f'val_accuracy is a share, from 0 to 1. Yours: {accuracies}. Divide by the number of images.'
    assert all((0 <= value <= 1 for value in accuracies)), message

@test_case(points=None, hidden=False)
def test_the_loss_fits_the_scores(train, CNN, CustomDataloader, x_train, y_train, env):
    import torch
    from torch.overrides import TorchFunctionMode
    assert callable(train), 'train is not defined: run the cell above.'
    assert isinstance(CNN, type), 'This needs the class CNN of question 3.'
    assert x_train is not None, 'This needs the images: run the cells of section 5 first.'
    seen = {}

    class Recorder(TorchFunctionMode):

        def __torch_function__(self, function, types, args=(), kwargs=None):
            name = getattr(function, '__name__', '')
            if name in ('cross_entropy', 'nll_loss') and args and (name not in seen):
                seen[name] = args[0].detach()
            return function(*args, **kwargs or {})
    loader = CustomDataloader(x_train[:64], y_train[:64], batch_size=32)
    with Recorder():
        history = train(CNN(), loader, loader, epochs=1)
    message = 'train returned nothing. Write its body first.'
    assert history is not None and history is not ..., message
    if 'cross_entropy' in seen:
        scores = seen['cross_entropy']
        sums_to_1 = torch.allclose(scores.sum(dim=1), torch.ones(len(scores)), atol=0.0001)
        message = 'Your scores have been through softmax, and cross-entropy applies it again. Give it logits.'
        assert not (sums_to_1 and scores.min() >= 0), message
    elif 'nll_loss' in seen:
        message = 'nll_loss wants log-probabilities, which are never above 0. Apply log_softmax to the scores.'
        assert seen['nll_loss'].max() <= 0.0001, message

@test_case(points=None, hidden=False)
def test_training_helps(train, CNN, CustomDataloader, x_train, y_train, x_val, y_val, env):
    import torch
    assert callable(train), 'train is not defined: run the cell above.'
    assert isinstance(CNN, type), 'This needs the class CNN of question 3.'
    assert x_train is not None, 'This needs the images: run the cells of section 5 first.'
    train_data = CustomDataloader(x_train, y_train, batch_size=32, randomize=True)
    model = CNN()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    labels = y_val.clone()
    labels[480:] = (labels[480:] + 1) % 10
    history = train(model, train_data, CustomDataloader(x_val, labels, batch_size=32), epochs=3)
    message = 'train returned nothing. Write its body first.'
    assert history is not None and history is not ..., message
    unchanged = all((torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)))
    message = 'Training left the model as it was. Are loss.backward() and optimizer.step() called?'
    assert not unchanged, message
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_val).argmax(dim=1) == labels).float().mean().item()
    reported = history['val_accuracy']
    message = f'The share of validation images that the model gets right is {accuracy:.3f}, but val_accuracy '
    message += f'says {reported}. Count the right answers of all the batches, with model.eval() and under '
    message += 'torch.no_grad(), and divide by the number of images.'
    assert min((abs(value - accuracy) for value in reported)) <= 2 / len(labels) + 1e-06, message
    message = 'val_loss and train_loss are the same numbers. One is the loss on the validation images.'
    assert history['val_loss'] != history['train_loss'], message
    message = f'After 3 epochs {accuracy:.0%} of the validation images are right; guessing gives 10 %. '
    message += 'Try other learning rates.'
    assert accuracy > 0.2, message

