from otter.test_files import test_case

OK_FORMAT = False

name = "q7"
points = 0

@test_case(points=None, hidden=False)
def test_pattern_net(PatternNet, env):
    import torch
    assert isinstance(PatternNet, type), 'PatternNet is not defined: run the cell above.'
    model = PatternNet().eval()
    for shape in ((1, 1, 5, 5), (3, 1, 6, 14), (2, 1, 20, 9)):
        failure = None
        try:
            scores = model(torch.rand(shape))
        except (RuntimeError, ValueError) as error:
            failure = str(error).split('\n')[0]
        message = f'Patterns {shape} fail: {failure}.'
        if 'mat1' in str(failure):
            message += ' Average over all places before the dense layer.'
        assert failure is None, message
        message = 'forward returned nothing. Write it, and return the scores.'
        assert scores is not None and scores is not ..., message
        message = f'Patterns {shape} should give scores ({shape[0]}, 2). Yours have {tuple(scores.shape)}.'
        assert tuple(scores.shape) == (shape[0], 2), message
    n_parameters = sum((p.numel() for p in model.parameters()))
    message = f'PatternNet has {n_parameters} parameters; from 1 to 200 are allowed.'
    assert 1 <= n_parameters <= 200, message

@test_case(points=None, hidden=False)
def test_train_patterns(PatternNet, train_patterns, make_patterns, env):
    import torch
    assert isinstance(PatternNet, type), 'PatternNet is not defined: run the cell above.'
    assert callable(train_patterns), 'train_patterns is not defined: run the cell above.'
    torch.manual_seed(0)
    images, labels = make_patterns(200, [(6, 6), (7, 9), (8, 8), (9, 6)], seed=2)
    others, kinds = make_patterns(200, [(5, 5), (11, 11), (13, 6)], seed=3)
    model = PatternNet().eval()
    scores = model(images[0].unsqueeze(0))
    assert scores is not None and scores is not ..., 'forward returned nothing. Write it, and return the scores.'
    model.train()
    before = [p.detach().clone() for p in model.parameters()]
    train_patterns(model, images, labels)
    unchanged = all((torch.equal(old, new) for old, new in zip(before, model.parameters(), strict=True)))
    message = 'Training left the model as it was. Are loss.backward() and optimizer.step() called?'
    assert not unchanged, message
    model.eval()
    with torch.no_grad():
        right = [int(model(image.unsqueeze(0)).argmax()) == kind for image, kind in zip(others, kinds, strict=True)]
    accuracy = sum(right) / len(right)
    message = f'Of patterns of other sizes, {accuracy:.0%} are classified rightly; guessing gives 50 %. '
    message += 'Is there an activation between the convolution and the mean? Is the learning rate too small?'
    assert accuracy >= 0.95, message

