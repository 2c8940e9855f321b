"""Convolutions over time and a mean over it; Adam with a one-cycle schedule and label smoothing."""

import torch
from torch import nn, optim


class Net(nn.Module):
    def __init__(self, channels=24):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv1d(1, channels, kernel_size=5, padding=2),
            nn.GELU(),
            nn.Conv1d(channels, channels, kernel_size=5, padding=2),
            nn.GELU(),
        )
        self.classifier = nn.Linear(channels, 4)

    def forward(self, signal):
        encoded = self.encoder(signal)
        pooled = encoded.mean(dim=-1)
        return self.classifier(pooled)


def train(net, train_data, val_data, epochs=10):
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = optim.Adam(net.parameters())
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.02, total_steps=epochs * len(train_data))
    log = []
    for epoch in range(epochs):
        net.train()
        train_loss = 0.0
        for signal, label in train_data:
            optimizer.zero_grad(set_to_none=True)
            logits = net(signal)
            loss = loss_fn(logits, label)
            loss.backward()
            optimizer.step()
            scheduler.step()
            train_loss += loss.detach() * len(label)
        train_loss = train_loss / len(train_data.dataset)
        net.eval()
        val_loss, correct = 0.0, 0
        with torch.inference_mode():
            for signal, label in val_data:
                logits = net(signal)
                val_loss += loss_fn(logits, label) * len(label)
                correct += (logits.argmax(dim=1) == label).sum()
        log.append((float(train_loss), float(val_loss) / len(val_data.dataset), int(correct) / len(val_data.dataset)))
    return dict(zip(("train_loss", "val_loss", "val_accuracy"), map(list, zip(*log))))
