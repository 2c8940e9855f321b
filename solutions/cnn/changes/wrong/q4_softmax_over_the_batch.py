"""Takes softmax over the images of a batch before argmax."""


def evaluate(model, data, loss_fn):
    """Mean loss and accuracy over all samples of data."""
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in data:
            scores = model(x)
            loss += loss_fn(scores, y).item() * len(y)
            right += (F.softmax(scores, dim=0).argmax(1) == y).sum().item()
            count += len(y)
    return loss / count, right / count
