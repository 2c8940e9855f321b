from otter.test_files import test_case

OK_FORMAT = False

name = "q2"
points = 0

@test_case(points=None, hidden=False)
def test_kinds_of_layers(conv1, maxpool1, conv2, maxpool2, linear1, env):
    from torch import nn
    kinds = [('conv1', conv1, nn.Conv2d), ('maxpool1', maxpool1, nn.MaxPool2d), ('conv2', conv2, nn.Conv2d)]
    kinds += [('maxpool2', maxpool2, nn.MaxPool2d), ('linear1', linear1, nn.Linear)]
    todo = [name for name, layer, kind in kinds if layer is None or layer is ...]
    message = f"Still to be written: {', '.join(todo)}."
    assert not todo, message
    for name, layer, kind in kinds:
        message = f'{name} should be an nn.{kind.__name__}, not a {type(layer).__name__}.'
        assert isinstance(layer, kind), message

@test_case(points=None, hidden=False)
def test_shapes(conv1, maxpool1, conv2, maxpool2, linear1, env):
    import torch
    chain = {'conv1': conv1, 'maxpool1': maxpool1, 'conv2': conv2, 'maxpool2': maxpool2, 'linear1': linear1}
    todo = [name for name, layer in chain.items() if not callable(layer)]
    message = f"Still to be written: {', '.join(todo)}."
    assert not todo, message
    for n in (1, 5):
        pictures = torch.rand(n, 1, 28, 28)
        story = f'pictures {tuple(pictures.shape)}'
        for name, layer in chain.items():
            if name == 'linear1':
                message = f'After maxpool2 the shape should be ({n}, 64, 1, 1). Your chain: {story}.'
                assert pictures.shape == (n, 64, 1, 1), message
                pictures = pictures.flatten(start_dim=1)
            failure = None
            try:
                pictures = layer(pictures)
            except RuntimeError as error:
                failure = str(error).split('\n')[0]
            message = f"{name} can't take what reaches it. Your chain: {story}, then {name} says: {failure}"
            assert failure is None, message
            story += f', {name} {tuple(pictures.shape)}'
        message = f'After linear1 the shape should be ({n}, 10). Your chain: {story}.'
        assert pictures.shape == (n, 10), message

