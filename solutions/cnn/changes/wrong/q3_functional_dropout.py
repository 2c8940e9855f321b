"""Drops with F.dropout, which does so in evaluation mode, too."""


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.maxpool1 = nn.MaxPool2d(4)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.maxpool2 = nn.MaxPool2d(2)
        self.linear1 = nn.Linear(64, 10)

    def forward(self, x):  # (N, 1, 28, 28)
        x = self.maxpool1(F.relu(self.conv1(x)))  # (N, 16, 6, 6)
        x = self.maxpool2(F.relu(self.conv2(x)))  # (N, 64, 1, 1)
        return self.linear1(F.dropout(torch.flatten(x, 1), 0.5))  # (N, 10), logits
