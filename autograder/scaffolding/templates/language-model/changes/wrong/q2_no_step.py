"""Computes gradients and makes no step."""


def train(model, inputs, targets, epochs=8):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    loss_function = nn.CrossEntropyLoss()
    model.train()
    for _ in range(epochs):
        for indices in torch.randperm(len(inputs)).split(16):
            scores = model(inputs[indices])
            loss = loss_function(scores.flatten(0, 1), targets[indices].flatten())
            optimizer.zero_grad()
            loss.backward()
