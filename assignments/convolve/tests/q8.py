from otter.test_files import test_case

OK_FORMAT = False

name = "q8"
points = 0

@test_case(points=None, hidden=False)
def test_tiny_cnn(TinyCNN, env):
    import torch
    from torch.overrides import TorchFunctionMode
    assert isinstance(TinyCNN, type), 'TinyCNN is not defined: run the cell above.'
    story = []

    class Recorder(TorchFunctionMode):
        disturbed = 'nothing'

        def __torch_function__(self, function, types, args=(), kwargs=None):
            name = getattr(function, '__name__', '')
            if name in ('conv2d', 'linear') or 'pool' in name:
                story.append(name)
            given = function(*args, **kwargs or {})
            is_disturbed = self.disturbed in name and torch.is_tensor(given)
            return given + torch.rand_like(given) if is_disturbed else given
    model = TinyCNN().eval()
    for n in (1, 4):
        with Recorder():
            scores = model(torch.rand(n, 3, 32, 32))
        message = 'forward returned nothing. Write it, and return the scores.'
        assert scores is not None and scores is not ..., message
        message = f'{n} images should give scores ({n}, 5). Yours have {tuple(scores.shape)}.'
        assert tuple(scores.shape) == (n, 5), message
    message = 'There should be a convolution, a pooling layer, and a dense layer at the end. This test saw: '
    message += f"{', '.join(story) or 'none'}."
    has_all = 'conv2d' in story and any(('pool' in name for name in story)) and (story[-1] == 'linear')
    assert has_all, message
    images = torch.rand(2, 3, 32, 32)
    for part, words in {'conv2d': 'a convolution', 'pool': 'a pooling layer', 'linear': 'a dense layer'}.items():
        recorder = Recorder()
        recorder.disturbed = part
        with recorder:
            disturbed = model(images)
        message = f"The scores don't depend on what {words} gives. Is the result used, x = self.pool(x)?"
        assert not torch.equal(disturbed, model(images)), message

@test_case(points=None, hidden=False)
def test_train_tiny(TinyCNN, train_tiny, x_train, y_train, x_val, y_val, env):
    import torch
    assert isinstance(TinyCNN, type), 'TinyCNN is not defined: run the cell above.'
    assert callable(train_tiny), 'train_tiny is not defined: run the cell above.'
    assert x_train is not None, 'This needs the images: run the cells at the start of section 8 first.'
    torch.manual_seed(0)
    train_tiny(TinyCNN(), x_train[:5], y_train[:5])
    model = TinyCNN().eval()
    scores = model(x_train[:2])
    assert scores is not None and scores is not ..., 'forward returned nothing. Write it, and return the scores.'
    model.train()
    before = [p.detach().clone() for p in model.parameters()]
    train_tiny(model, x_train, y_train)
    unchanged = all((torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)))
    message = 'Training left the model as it was. Are loss.backward() and optimizer.step() called?'
    assert not unchanged, message
    model.eval()
    with torch.no_grad():
        accuracy = (model(x_val).argmax(dim=1) == y_val).float().mean().item()
    message = f'After training, {accuracy:.0%} of the validation images are right; more than 40 % are needed here, '
    message += '45 % of hidden ones for the points, and guessing gives 20 %. diagnose, below, looks for the reason.'
    assert accuracy > 0.4, message

