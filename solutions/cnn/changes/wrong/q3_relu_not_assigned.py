"""Calls F.relu(x) and never uses what it returns."""

del calculate_output_shape, conv1, maxpool1, conv2, maxpool2, linear1, evaluate, train, plot_history, plot_confusion


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(64 * 4 * 4, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = self.pool(self.conv1(x))
        F.relu(x)
        x = self.pool(self.conv2(x))
        F.relu(x)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)
