"""Takes (B, 1) from (B,), which gives (B, B): it learns the mean."""


def train(model, inputs, targets, epochs=30):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(epochs):
        for indices in torch.randperm(len(inputs)).split(16):
            loss = ((model(inputs[indices]) - targets[indices]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
