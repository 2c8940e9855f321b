from otter.test_files import test_case

OK_FORMAT = False

name = "q5"
points = 0

@test_case(points=None, hidden=False)
def test_plot_history(plot_history, env):
    import drawings
    import matplotlib.pyplot as plt
    from diagnosis.drawn import read
    from matplotlib.figure import Figure
    assert callable(plot_history), 'plot_history is not defined: run the cell above.'
    history = {'train_loss': [2.1, 1.2, 0.7], 'val_loss': [2.2, 1.4, 1.1], 'val_accuracy': [0.3, 0.5, 0.6]}
    figure = plot_history(history)
    message = 'plot_history should return the Figure. With fig, ax = plt.subplots(), end with return fig.'
    assert isinstance(figure, Figure), message
    axes = read(figure)
    plt.close('all')
    missing = drawings.missing_curves(axes, history)
    curves = [[round(y, 3) for y in curve.y[:9]] for one in axes for curve in one.curves]
    message = f"No curve shows {', '.join(missing)} of {history}. The curves in the figure: {curves}."
    assert not missing, message
    message = drawings.history_label_mistake(axes, history)
    assert not message, message

@test_case(points=None, hidden=False)
def test_plot_confusion(plot_confusion, env):
    import drawings
    import matplotlib.pyplot as plt
    import torch
    from diagnosis.drawn import read
    from matplotlib.figure import Figure
    assert callable(plot_confusion), 'plot_confusion is not defined: run the cell above.'
    y_true = torch.arange(10).repeat_interleave(12)
    y_pred = y_true.clone()
    y_pred[:5] = 6
    y_pred[12:24] = torch.arange(12) % 10
    figure = plot_confusion(y_true, y_pred)
    message = 'plot_confusion should return the Figure. With fig, ax = plt.subplots(), end with return fig.'
    assert isinstance(figure, Figure), message
    axes = read(figure)
    plt.close('all')
    for mistake in (drawings.count_mistake, drawings.class_name_mistake):
        message = mistake(axes, y_true, y_pred)
        assert not message, message

