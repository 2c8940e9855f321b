# Name: (removed)
# I come from numpy so most of the bookkeeping is numpy

import numpy as np
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import fashion


######## 1 ########
def calculate_output_shape(image_size, kernel, stride, padding):
    result = []
    for n, k, s, p in zip(image_size, kernel, stride, padding):
        if s < 1:
            raise ValueError('bad stride')
        steps = n + 2 * p - k
        if steps < 0:
            raise ValueError('kernel too big')
        result.append(int(np.ceil((steps + 1) / s)))     # = floor(steps/s) + 1
    return result


######## 2 ########
conv1 = nn.Conv2d(
    in_channels=1,
    out_channels=16,
    kernel_size=(5, 5),
    stride=(1, 1),
    padding=(0, 0),
)
maxpool1 = nn.MaxPool2d(kernel_size=(4, 4), stride=(4, 4), padding=(0, 0))
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(6, 6), stride=(1, 1), padding=(0, 0))
# conv2 already gives 1x1 but the sheet wants a maxpool2, so a pool of size one
maxpool2 = nn.MaxPool2d(kernel_size=(1, 1), stride=(1, 1), padding=(0, 0))
linear1 = nn.Linear(in_features=64, out_features=10)


######## 3 ########
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 5)
        self.c2 = nn.Conv2d(16, 64, 5)
        self.hidden = nn.Linear(64, 32)
        self.last = nn.Linear(32, 10)
        self.pool4 = nn.MaxPool2d(4)
        self.pool2 = nn.AvgPool2d(2)

    def forward(self, img):
        out = torch.tanh(self.c1(img))
        out = self.pool4(out)
        out = torch.tanh(self.c2(out))
        out = self.pool2(out)
        out = out.reshape(out.shape[0], 64)
        out = torch.tanh(self.hidden(out))
        return torch.sigmoid(self.last(out))


######## 4 ########
def train(model, train_data, val_data, epochs=10):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    loss_function = nn.CrossEntropyLoss(reduction='none')
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


######## 5 ########
def plot_history(history):
    fig, ax = plt.subplots()
    for name in history:
        ax.plot(np.arange(1, len(history[name]) + 1), history[name], label=name)
    ax.legend(title='train vs. val')
    ax.set_xlabel('epoch')
    ax.set_ylabel('value')
    return fig


def plot_confusion(y_true, y_pred):
    y_true = np.array(y_true)
    y_pred = np.array(y_pred)
    matrix = np.bincount(10 * y_true + y_pred, minlength=100).reshape(10, 10)
    fig = plt.figure(figsize=(8, 8))
    ax = fig.add_subplot()
    ax.imshow(matrix, cmap='Purples', origin='upper')
    for row in range(10):
        for column in range(10):
            ax.text(column, row, '%d' % matrix[row][column], ha='center', va='center', fontsize=8)
    plt.xticks(np.arange(10), fashion.CLASS_NAMES, rotation='vertical')
    plt.yticks(np.arange(10), fashion.CLASS_NAMES)
    plt.xlabel('what my network says')
    plt.ylabel('truth')
    return fig
