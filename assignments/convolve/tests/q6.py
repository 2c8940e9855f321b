from otter.test_files import test_case

OK_FORMAT = False

name = "q6"
points = 0

@test_case(points=None, hidden=False)
def test_the_chain(trace_shapes, env):
    from torch import nn
    assert callable(trace_shapes), 'trace_shapes is not defined: run the cell above.'
    chain = [nn.Conv2d(3, 5, 4), nn.MaxPool2d(4, stride=1), nn.Flatten()]
    answer = trace_shapes(chain, (1, 3, 938, 1436))
    assert answer is not None and answer is not ..., 'Nothing came back. Return the list of shapes.'
    expected = [(1, 5, 935, 1433), (1, 5, 932, 1430), (1, 6663800)]
    message = f'For the chain of the text the answer is {expected}. Yours: {answer}'
    assert [tuple(shape) for shape in answer] == expected, message
    message = f'Sizes are whole numbers: divide with //, which rounds down. Yours: {answer}'
    assert not any((isinstance(size, float) for shape in answer for size in shape)), message

@test_case(points=None, hidden=False)
def test_numbers_and_pairs(trace_shapes, env):
    import torch
    from torch import nn
    assert callable(trace_shapes), 'trace_shapes is not defined: run the cell above.'
    chain = [nn.Conv2d(1, 4, (3, 5), stride=2, padding=(0, 1)), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten()]
    chain.append(nn.Linear(4 * 4 * 4, 10))
    x, expected = (torch.rand(2, 1, 20, 17), [])
    for layer in chain:
        x = layer(x)
        expected.append(tuple(x.shape))
    answer = trace_shapes(chain, (2, 1, 20, 17))
    assert answer is not None and answer is not ..., 'Nothing came back. Return the list of shapes.'
    message = f'There are {len(chain)} layers, and you return {len(answer)} shapes.'
    assert len(answer) == len(chain), message
    for layer, right, yours in zip(chain, expected, answer, strict=True):
        message = f'After {layer} the shape is {right}. You say {yours}.'
        assert tuple(yours) == right, message

@test_case(points=None, hidden=False)
def test_what_does_not_fit(trace_shapes, env):
    from torch import nn
    assert callable(trace_shapes), 'trace_shapes is not defined: run the cell above.'
    cases = {"A picture of 3 channels can't go into a layer for 1.": ([nn.Conv2d(1, 4, 3)], (1, 3, 8, 8)), "A window of 5 doesn't fit into a height of 4.": ([nn.MaxPool2d(5)], (1, 1, 4, 8)), "A Linear layer for 10 features can't take 12.": ([nn.Flatten(), nn.Linear(10, 2)], (1, 3, 2, 2))}
    for message, (chain, shape) in cases.items():
        try:
            outcome = f' Raise a ValueError; you returned {trace_shapes(chain, shape)}.'
        except ValueError:
            outcome = ''
        except Exception as error:
            outcome = f' Raise a ValueError; yours is a {type(error).__name__}: {error}'
        assert not outcome, message + outcome

