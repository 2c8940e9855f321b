"""Ends in a softmax and is trained with cross-entropy, which has one inside."""


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
        x = x.view(x.size(0), -1)
        x = self.linear1(x)
        return F.softmax(x, dim=1)   # probabilities


def train(model, train_data, val_data, epochs=10):
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for epoch in range(epochs):
        model.train()
        total, n = 0.0, 0
        for x, y in train_data:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            n += len(y)
        val_loss, val_accuracy = evaluate(model, val_data, loss_fn)
        history["train_loss"].append(total / n)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history
