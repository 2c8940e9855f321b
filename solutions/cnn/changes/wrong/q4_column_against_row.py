"""Compares predictions (B, 1) with labels (B,), which broadcasts to (B, B)."""


def evaluate(model, data, loss_fn):
    """Mean loss and accuracy over all samples of data."""
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in data:
            scores = model(x)
            loss += loss_fn(scores, y).item() * len(y)
            right += (scores.argmax(1, keepdim=True) == y).float().mean().item() * len(y)
            count += len(y)
    return loss / count, right / count
