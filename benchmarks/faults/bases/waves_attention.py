"""Self-attention over pieces of a signal; AdamW with a warm-up."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.embed = nn.Linear(5, width)
        self.position = nn.Parameter(torch.randn(8, width) * 0.1)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.feed = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, width))
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        tokens = x.reshape(x.size(0), 8, 5)
        h = self.embed(tokens) + self.position
        z = self.norm1(h)
        weights = self.query(z) @ self.key(z).transpose(1, 2) / z.size(-1) ** 0.5
        h = h + torch.softmax(weights, dim=-1) @ self.value(z)
        h = h + self.feed(self.norm2(h))
        return self.head(h.mean(dim=1))


def train(model, train_data, val_data, epochs=12):
    cross_entropy = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
    warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 20))
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for epoch in range(epochs):
        model.train()
        sums = torch.zeros(2)
        for x, y in train_data:
            optimizer.zero_grad()
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            warmup.step()
            sums += torch.tensor([loss.item() * len(y), len(y)])
        history["train_loss"].append(float(sums[0] / sums[1]))
        model.eval()
        with torch.no_grad():
            pairs = [(model(x), y) for x, y in val_data]
        scores, labels = torch.cat([s for s, _ in pairs]), torch.cat([y for _, y in pairs])
        history["val_loss"].append(cross_entropy(scores, labels).item())
        history["val_accuracy"].append((scores.argmax(dim=1) == labels).float().mean().item())
    return history
