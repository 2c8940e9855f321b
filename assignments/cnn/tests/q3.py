from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = 0

@test_case(points=None, hidden=False)
def test_shape_of_the_scores(CNN, env):
    import torch
    assert isinstance(CNN, type), 'CNN is not defined: run the cell above.'
    model = CNN()
    for n in (1, 2, 7):
        scores = model(torch.rand(n, 1, 28, 28))
        message = 'forward returned nothing. Write it, and return the scores.'
        assert scores is not None and scores is not ..., message
        message = f'{n} pictures should give scores of shape ({n}, 10). Yours have {tuple(scores.shape)}.'
        assert tuple(scores.shape) == (n, 10), message

@test_case(points=None, hidden=False)
def test_pictures_do_not_affect_each_other(CNN, env):
    import torch
    assert isinstance(CNN, type), 'CNN is not defined: run the cell above.'
    model = CNN().eval()
    pictures = torch.rand(5, 1, 28, 28)
    with torch.no_grad():
        together, alone = (model(pictures), model(pictures[:1]))
    message = 'forward returned nothing. Write it, and return the scores.'
    assert torch.is_tensor(together) and torch.is_tensor(alone), message
    message = "A picture's scores change with the others in its batch. Does a reshape mix the pictures?"
    assert torch.allclose(together[:1], alone, atol=0.0001), message

@test_case(points=None, hidden=False)
def test_an_activation_after_each_convolution(CNN, env):
    import torch
    from torch.overrides import TorchFunctionMode
    assert isinstance(CNN, type), 'CNN is not defined: run the cell above.'
    activations = 'relu relu6 leaky_relu prelu rrelu elu selu celu gelu silu mish sigmoid logsigmoid tanh '
    activations += 'hardtanh hardsigmoid hardswish softplus softsign threshold clamp clamp_min clip '
    activations += 'maximum where'
    story = []

    class Recorder(TorchFunctionMode):

        def __torch_function__(self, function, types, args=(), kwargs=None):
            name = getattr(function, '__name__', '').rstrip('_')
            if name in ('conv2d', 'linear') or name in activations.split():
                story.append(name)
            return function(*args, **kwargs or {})
    model = CNN()
    with Recorder():
        model(torch.rand(2, 1, 28, 28))
    message = 'No convolution was used. Build the network from nn.Conv2d layers.'
    assert 'conv2d' in story, message
    message = 'A convolution has no activation after it, or none that this test knows. '
    message += f"It saw, in this order: {', '.join(story)}."
    following = [after for name, after in zip(story, [*story[1:], 'end'], strict=True) if name == 'conv2d']
    assert not {'conv2d', 'linear', 'end'} & set(following), message

@test_case(points=None, hidden=False)
def test_each_network_has_its_own_layers(CNN, env):
    assert isinstance(CNN, type), 'CNN is not defined: run the cell above.'
    first, second = (CNN(), CNN())
    message = 'CNN() has no parameters. Build its layers in __init__, as self.something.'
    assert list(first.parameters()), message
    shared = {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
    message = 'Two networks share weights. Make new layers in __init__ instead of using those of question 2.'
    assert not shared, message

