"""The batch size of 32 is written into forward."""

batch_size = 32


class CNN(nn.Module):
    def __init__(self):
        super(CNN, self).__init__()
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5))
        self.maxpool1 = nn.MaxPool2d(kernel_size=4, stride=4)
        self.conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(5, 5))
        self.maxpool2 = nn.MaxPool2d(kernel_size=2, stride=2)
        self.linear1 = nn.Linear(in_features=64, out_features=10)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.conv1(x)       # 24x24
        x = self.relu(x)
        x = self.maxpool1(x)    # 6x6
        x = self.conv2(x)       # 2x2
        x = self.relu(x)
        x = self.maxpool2(x)    # 1x1
        x = x.view(batch_size, 64)
        x = self.linear1(x)
        return x
