import numpy as np

import torch
from torch import nn
import torch.nn.functional as F

class PatternNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, kernel_size=2)
        self.linear1 = nn.Linear(2, 16)
        self.linear2 = nn.Linear(16, 2)
    def forward(self, x):
        torch.relu(self.conv(x))
        a = (x[..., 1:, :] - x[..., :-1, :]).abs().mean((1, 2, 3))
        b = (x[..., 1:] - x[..., :-1]).abs().mean((1, 2, 3))
        return self.linear2(torch.relu(self.linear1(torch.stack([a, b], 1))))

def train_patterns(model, images, labels):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(6):
        for i in torch.randperm(len(images)).tolist():
            loss = nn.functional.cross_entropy(model(images[i].unsqueeze(0)), labels[i : i + 1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
