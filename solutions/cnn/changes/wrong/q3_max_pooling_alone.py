"""Max pooling is the only thing between the convolutions."""


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.MaxPool2d(4),
            nn.Conv2d(16, 64, 5), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(64, 10),
        )

    def forward(self, x):
        return self.net(x)
