"""Gives logits to NLLLoss."""


def train(model, train_data, val_data, epochs=10):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    loss_function = nn.NLLLoss(reduction='none')
    train_loss = np.zeros(epochs)
    val_loss = np.zeros(epochs)
    val_accuracy = np.zeros(epochs)

    for e in range(epochs):
        model.train()
        losses = []
        for _ in range(train_data.num_batches_per_epoch):
            batch = train_data.fetch_batch()
            optimizer.zero_grad()
            yhat = model(batch['x_batch'])
            loss = loss_function(yhat, batch['y_batch'])
            loss.mean().backward()
            optimizer.step()
            losses.append(loss.detach().numpy().copy())
        train_loss[e] = np.concatenate(losses).mean()

        model.eval()
        losses, predictions, labels = [], [], []
        for _ in range(val_data.num_batches_per_epoch):
            batch = val_data.fetch_batch()
            with torch.no_grad():
                yhat = model(batch['x_batch'])
            losses.append(loss_function(yhat, batch['y_batch']).numpy())
            predictions.append(np.argmax(yhat.numpy(), axis=1))
            labels.append(batch['y_batch'].numpy())
        val_loss[e] = np.concatenate(losses).mean()
        val_accuracy[e] = np.mean(np.concatenate(predictions) == np.concatenate(labels))

    # plain floats, one per epoch
    return {
        'train_loss': train_loss.tolist(),
        'val_loss': val_loss.tolist(),
        'val_accuracy': val_accuracy.tolist(),
    }
