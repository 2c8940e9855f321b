"""Computes gradients and makes no step."""


def train(model, inputs, targets, epochs=30):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    loss_function = nn.MSELoss()
    model.train()
    for _ in range(epochs):
        for indices in torch.randperm(len(inputs)).split(16):
            loss = loss_function(model(inputs[indices]).squeeze(1), targets[indices])
            optimizer.zero_grad()
            loss.backward()
