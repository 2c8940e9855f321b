import torch
from torch import nn


class PatternNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 2)
        self.fc = nn.Linear(7 * 7, 2)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        return self.fc(x.flatten(1))  # 8 x 8 patterns


def train_patterns(model, images, labels):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(6):
        for i in torch.randperm(len(images)):
            loss = nn.functional.cross_entropy(model(images[i][None]), labels[i][None])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
