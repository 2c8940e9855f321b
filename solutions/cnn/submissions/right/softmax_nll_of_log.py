import numpy as np
import matplotlib.pyplot as plt
import torch
import torch.nn as nn

CLASSES = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat',
           'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot']


# Q1 -- let torch itself check for me? no, that would be cheating ;)
def calculate_output_shape(image_size, kernel, stride, padding):
    n = np.array(image_size)
    k = np.array(kernel)
    s = np.array(stride)
    p = np.array(padding)
    if (s < 1).any():
        raise ValueError('stride has to be positive')
    if (k > n + 2 * p).any():
        raise ValueError('kernel is larger than the padded image')
    out = (n + 2 * p - k) // s + 1
    return torch.Size(out.tolist())


# Q2
conv1 = nn.Conv2d(1, 16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=3, stride=3, padding=0)   # 24 -> 8
conv2 = nn.Conv2d(16, 64, kernel_size=3, stride=1, padding=0)   # 8 -> 6
maxpool2 = nn.MaxPool2d(kernel_size=6, stride=1, padding=0)   # 6 -> 1
linear1 = nn.Linear(64, 10)


# Q3: outputs probabilities
class CNN(nn.Module):

    def __init__(self):
        super(CNN, self).__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.pool1 = nn.MaxPool2d(3, 3)
        self.conv2 = nn.Conv2d(16, 64, 3)
        self.pool2 = nn.MaxPool2d(2, 2)
        self.act = nn.LeakyReLU(0.05)
        self.fc = nn.Linear(64 * 3 * 3, 10)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x):
        x = self.act(self.pool1(self.conv1(x)))
        x = self.act(self.pool2(self.conv2(x)))
        x = x.view(x.size(0), -1)
        return self.softmax(self.fc(x))


# Q4
def nll(probs, y):
    # the network already gives probabilities, so only the log is missing for the NLL loss
    return nn.functional.nll_loss(torch.log(probs + 1e-9), y)


def train(model, train_data, val_data, epochs=10):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
    train_loss, val_loss, val_accuracy = [], [], []
    for epoch in range(epochs):
        running = []
        sizes = []
        model.train()
        for x_batch, y_batch in train_data:
            optimizer.zero_grad()
            probs = model(x_batch)
            loss = nll(probs, y_batch)
            loss.backward()
            optimizer.step()
            running.append(loss.detach().numpy().copy())
            sizes.append(len(x_batch))
        train_loss.append(float(np.average(running, weights=sizes)))

        model.eval()
        all_probs, all_y = [], []
        with torch.no_grad():
            for x_batch, y_batch in val_data:
                all_probs.append(model(x_batch))
                all_y.append(y_batch)
        all_probs, all_y = torch.cat(all_probs), torch.cat(all_y)
        val_loss.append(float(nll(all_probs, all_y)))
        hits = all_probs.numpy().argmax(axis=1) == all_y.numpy()
        val_accuracy.append(float(hits.mean()))
    return {'train_loss': train_loss, 'val_loss': val_loss, 'val_accuracy': val_accuracy}


# Q5
def plot_history(history):
    fig = plt.figure(figsize=(7, 5))
    for key, style in [('train_loss', 'k-o'), ('val_loss', 'r-o'), ('val_accuracy', 'g-s')]:
        plt.plot(history[key], style, label=key.replace('_', ' '))
    plt.xlabel('epoch')
    plt.ylabel('loss / accuracy')
    plt.title('Training on Fashion-MNIST')
    plt.grid()
    plt.legend()
    return fig


def plot_confusion(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    cm = np.zeros((10, 10), dtype=int)
    np.add.at(cm, (y_true, y_pred), 1)

    fig, ax = plt.subplots(figsize=(10, 9))
    mesh = ax.pcolormesh(cm, cmap='viridis', edgecolors='w')
    fig.colorbar(mesh)
    for row in range(10):
        for col in range(10):
            ax.text(col + 0.5, row + 0.5, str(cm[row, col]), ha='center', va='center', color='w')
    ax.set_xticks(np.arange(10) + 0.5)
    ax.set_yticks(np.arange(10) + 0.5)
    ax.set_xticklabels(CLASSES, rotation=45, ha='right')
    ax.set_yticklabels(CLASSES)
    ax.invert_yaxis()   # first class on top, like a matrix
    ax.set_xlabel('predicted class')
    ax.set_ylabel('true class')
    fig.tight_layout()
    return fig
