"""Takes the mean of what the symbols mean, and so knows nothing of their order."""


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(13, 32)
        self.output = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3))

    def forward(self, x):
        known = (x != 0).unsqueeze(2)
        return self.output((self.embedding(x) * known).sum(dim=1) / known.sum(dim=1))
