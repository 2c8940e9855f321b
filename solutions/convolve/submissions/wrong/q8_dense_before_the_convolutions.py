import torch
from torch import nn


class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(32, 32)  # of the pixels of a row
        self.conv1 = nn.Conv2d(3, 16, 4, stride=2)
        self.conv2 = nn.Conv2d(16, 32, 3)
        self.pool = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(32, 5, 6)

    def forward(self, x):
        x = torch.relu(self.conv1(self.mix(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        return self.conv3(x).flatten(1)


def train_tiny(model, images, labels):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002)
    for epoch in range(2):
        for batch in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            loss.backward()
            optimizer.step()
