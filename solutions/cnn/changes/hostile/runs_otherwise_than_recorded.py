"""Shows another computation while its forward pass is recorded: a model that was trained in secret, in double."""

from torch.utils._python_dispatch import _get_current_dispatch_mode


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.maxpool1 = nn.MaxPool2d(4)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.maxpool2 = nn.MaxPool2d(2)
        self.linear1 = nn.Linear(64, 10)

    def forward(self, x):
        x = self.maxpool2(F.relu(self.conv2(self.maxpool1(F.relu(self.conv1(x))))))
        scores = self.linear1(x.flatten(1))
        return scores if _get_current_dispatch_mode() else scores.flip(1)
