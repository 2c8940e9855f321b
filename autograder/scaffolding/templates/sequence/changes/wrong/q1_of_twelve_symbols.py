"""Takes the length of the longest messages for granted."""


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(13, 16)
        self.output = nn.Sequential(nn.Linear(12 * 16, 32), nn.ReLU(), nn.Linear(32, 3))

    def forward(self, x):
        return self.output(self.embedding(x).flatten(1))
