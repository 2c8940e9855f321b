"""Batch norm and dropout in one `Sequential`; SGD with momentum, a cosine schedule, loaders made anew."""

import torch
from torch import nn
from torch.utils.data import DataLoader


def block(inside, outside):
    return [nn.Conv2d(inside, outside, 3, stride=2), nn.BatchNorm2d(outside), nn.ReLU()]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(*block(1, 12), *block(12, 24), *block(24, 48), nn.Flatten())
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(192, 10))

    def forward(self, images):
        features = self.features(images)
        return self.head(features)


def train(model, train_data, val_data, epochs=10):
    train_loader = DataLoader(train_data.dataset, batch_size=32, shuffle=True)
    val_loader = DataLoader(val_data.dataset, batch_size=100)
    criterion = nn.CrossEntropyLoss()
    opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs)
    losses, val_losses, accuracies = [], [], []
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for images, labels in train_loader:
            outputs = model(images)
            loss = criterion(outputs, labels)
            opt.zero_grad()
            loss.backward()
            opt.step()
            running += loss.item() * images.size(0)
        schedule.step()
        losses.append(running / len(train_loader.dataset))

        model.eval()
        val_running, correct = 0.0, 0
        with torch.no_grad():
            for images, labels in val_loader:
                outputs = model(images)
                val_running += criterion(outputs, labels).item() * images.size(0)
                correct += (outputs.argmax(dim=1) == labels).sum().item()
        val_losses.append(val_running / len(val_loader.dataset))
        accuracies.append(correct / len(val_loader.dataset))
    return {"train_loss": losses, "val_loss": val_losses, "val_accuracy": accuracies}
