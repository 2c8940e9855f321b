from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = 0

@test_case(points=None, hidden=False)
def test_shape_of_the_scores(CNN, env):
    import torch
    assert isinstance(CNN, type), 'CNN is not defined: run the cell above.'
    model = CNN().eval()
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
def test_an_activation_between_any_two_layers(CNN, env):
    import torch
    from diagnosis.linear import layers_of
    assert isinstance(CNN, type), 'CNN is not defined: run the cell above.'
    model = CNN().eval()
    pictures = torch.rand(32, 1, 28, 28)
    message = 'forward returned nothing. Write it, and return the scores.'
    assert torch.is_tensor(model(pictures)), message
    layers = layers_of(model, pictures)
    message = 'No convolution leads to the scores. Build the network from nn.Conv2d layers, and use what they return.'
    assert layers is None or layers.convolutions, message
    bare = [f'from {one} to {other}' for one, other in layers.bare] if layers else []
    message = f"On the way {' and '.join(bare)} stands no activation, or its result isn't used: x = torch.relu(x)."
    assert not bare, message

@test_case(points=None, hidden=False)
def test_each_network_has_its_own_layers(CNN, env):
    import torch
    assert isinstance(CNN, type), 'CNN is not defined: run the cell above.'
    first, second = (CNN().eval(), CNN().eval())
    for model in (first, second):
        if any((torch.nn.parameter.is_lazy(p) for p in model.parameters())):
            model(torch.rand(2, 1, 28, 28))
    message = 'CNN() has no parameters. Build its layers in __init__, as self.something.'
    assert list(first.parameters()), message
    shared = {id(p) for p in first.parameters()} & {id(p) for p in second.parameters()}
    message = 'Two networks share weights. Make new layers in __init__ instead of using those of question 2.'
    assert not shared, message

