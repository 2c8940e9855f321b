from otter.test_files import test_case

OK_FORMAT = False

name = "q5"
points = 0

@test_case(points=None, hidden=False)
def test_plot_history(plot_history, env):
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure
    assert callable(plot_history), 'plot_history is not defined: run the cell above.'
    history = {'train_loss': [2.1, 1.2, 0.7], 'val_loss': [2.2, 1.4, 1.1], 'val_accuracy': [0.3, 0.5, 0.6]}
    figure = plot_history(history)
    plt.close('all')
    message = 'plot_history should return the Figure. With fig, ax = plt.subplots(), end with return fig.'
    assert isinstance(figure, Figure), message
    curves = [[float(y) for y in line.get_ydata()] for ax in figure.axes for line in ax.get_lines()]
    for key, values in history.items():
        message = f'No curve shows {key}, which was {values}. The curves in the figure: {curves}.'
        assert values in curves, message
    drawn = [ax for ax in figure.axes if ax.get_lines()]
    message = 'Axes with curves need a label on x and on y: ax.set_xlabel(...) and ax.set_ylabel(...).'
    for ax in drawn:
        on_x = [other.get_xlabel() for other in ax.get_shared_x_axes().get_siblings(ax)]
        assert any(on_x) and ax.get_ylabel(), message
    legends = [ax.get_legend() for ax in figure.axes if ax.get_legend()] + list(figure.legends)
    names = ' '.join((text.get_text().lower() for legend in legends for text in legend.get_texts()))
    message = f"The legend should tell training from validation. Yours reads: {names or '(no legend)'}."
    assert 'train' in names and 'val' in names, message

@test_case(points=None, hidden=False)
def test_plot_confusion(plot_confusion, CLASS_NAMES, env):
    import matplotlib.pyplot as plt
    import torch
    from matplotlib.figure import Figure
    assert callable(plot_confusion), 'plot_confusion is not defined: run the cell above.'
    y_true = torch.arange(10).repeat_interleave(12)
    y_pred = y_true.clone()
    y_pred[:5] = 6
    figure = plot_confusion(y_true, y_pred)
    plt.close('all')
    message = 'plot_confusion should return the Figure. With fig, ax = plt.subplots(), end with return fig.'
    assert isinstance(figure, Figure), message
    written = {}
    for ax in figure.axes:
        for text in ax.texts:
            column, row = (int(float(place) + 0.01) for place in text.get_position())
            written[row, column] = text.get_text().strip()
    assert written, 'No counts are written in the cells. ax.text(column, row, count) writes one.'
    message = 'The count of row 0 and column 6 is in row 6 and column 0: rows are the true classes.'
    assert not (written.get((6, 0)) == '5' and written.get((0, 6)) != '5'), message
    for (row, column), count in {(0, 0): '7', (0, 6): '5', (6, 6): '12'}.items():
        shown = written.get((row, column), 'nothing')
        message = f'Row {row}, column {column} should say {count}; it says {shown}. ax.text takes column, row.'
        assert shown == count, message
    figure.canvas.draw()
    for side in ('x', 'y'):
        labels = [text.get_text() for ax in figure.axes for text in getattr(ax, f'get_{side}ticklabels')()]
        missing = [name for name in CLASS_NAMES if name not in labels]
        assert not missing, f"The {side} axis lacks the names of classes: {', '.join(missing)}."

