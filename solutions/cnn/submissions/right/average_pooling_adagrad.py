'''
Old school: tanh and average pooling, like LeNet in the nineties.
'''
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix
import numpy as np
import torch

import fashion

nn = torch.nn


def calculate_output_shape(image_size, kernel, stride, padding):
    answer = []
    for axis in (0, 1):
        try:
            full_steps = (image_size[axis] + 2 * padding[axis] - kernel[axis]) // stride[axis]
        except ZeroDivisionError:
            raise ValueError('stride can not be zero')
        if full_steps < 0:
            raise ValueError('kernel too large for this image')
        answer += [1 + full_steps]
    return tuple(answer)


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(2)
conv2 = nn.Conv2d(16, 64, 5)
maxpool2 = nn.MaxPool2d(8)
linear1 = nn.Linear(64, 10)


class CNN(nn.Module):
    def __init__(self):
        super(CNN, self).__init__()
        self.C1 = nn.Conv2d(1, 8, kernel_size=5, padding=2)
        self.S2 = nn.AvgPool2d(2)
        self.C3 = nn.Conv2d(8, 24, kernel_size=5)
        self.S4 = nn.AvgPool2d(2)
        self.F5 = nn.Linear(24 * 5 * 5, 84)
        self.F6 = nn.Linear(84, 10)
        self.squash = nn.Tanh()

    def forward(self, img):
        out = self.S2(self.squash(self.C1(img)))      # 28 -> 28 -> 14
        out = self.S4(self.squash(self.C3(out)))      # 14 -> 10 -> 5
        out = out.view(-1, 24 * 5 * 5)
        out = self.squash(self.F5(out))
        return self.F6(out)


def train(model, train_data, val_data, epochs=10):
    # Adagrad lowers its own learning rate, so start higher than with Adam
    opt = torch.optim.Adagrad(model.parameters(), lr=0.02)
    crit = nn.CrossEntropyLoss()
    H = {'train_loss': [], 'val_loss': [], 'val_accuracy': []}
    e = 0
    while e < epochs:
        model.train()
        sum_of_losses = 0.
        pictures = 0
        for (x, y) in train_data:
            scores = model(x)
            L = crit(scores, y)
            opt.zero_grad()
            L.backward()
            opt.step()
            sum_of_losses = sum_of_losses + float(L) * y.shape[0]
            pictures = pictures + y.shape[0]
        H['train_loss'].append(sum_of_losses / pictures)

        model.eval()
        with torch.no_grad():
            scores, truth = [], []
            for (x, y) in val_data:
                scores.append(model(x))
                truth.append(y)
            scores = torch.vstack(scores)
            truth = torch.hstack(truth)
            H['val_loss'].append(float(crit(scores, truth)))
            H['val_accuracy'].append(float(torch.mean((torch.argmax(scores, 1) == truth).double())))
        e += 1
    return H


def plot_history(history):
    # no pyplot: a Figure can be made directly
    fig = Figure(figsize=(6, 4))
    ax = fig.add_subplot(111)
    x = range(1, 1 + len(history['val_loss']))
    ax.plot(x, history['train_loss'], 'C0', label='training loss')
    ax.plot(x, history['val_loss'], 'C1', label='validation loss')
    ax.plot(x, history['val_accuracy'], 'C2--', label='validation accuracy')
    ax.set_xlabel('epoch')
    ax.set_ylabel('loss and accuracy')
    ax.legend()
    return fig


def plot_confusion(y_true, y_pred):
    cm = confusion_matrix(y_true, y_pred, labels=list(range(10)))
    fig = Figure(figsize=(8, 8))
    ax = fig.add_subplot(111)
    ax.matshow(cm, cmap='bone_r')
    for (r, c), n in np.ndenumerate(cm):
        ax.text(c, r, '{}'.format(n), va='center', ha='center', color='tab:red')
    ax.xaxis.set_ticks_position('bottom')
    ax.set_xticks(range(10))
    ax.set_yticks(range(10))
    ax.set_xticklabels(fashion.CLASS_NAMES, rotation=60, ha='right')
    ax.set_yticklabels(fashion.CLASS_NAMES)
    ax.set_xlabel('predicted as')
    ax.set_ylabel('really is')
    return fig
