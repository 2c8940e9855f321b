"""Has no activation between its two layers."""


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 16)
        self.output = nn.Linear(16, 1)

    def forward(self, x):
        return self.output(self.hidden(x))
