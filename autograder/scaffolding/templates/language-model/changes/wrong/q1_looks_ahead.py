"""Reads in both directions, and so the very characters that it is to predict."""


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(27, 24)
        self.recurrent = nn.GRU(24, 32, batch_first=True, bidirectional=True)
        self.output = nn.Linear(64, 27)

    def forward(self, x):
        return self.output(self.recurrent(self.embedding(x))[0])
