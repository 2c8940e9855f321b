# coding: utf-8
# In[1]:
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import ExponentialLR
import matplotlib.pyplot as plt
import matplotlib.ticker as ticker

from fashion import *

# In[2]: question 1
def calculate_output_shape(image_size, kernel, stride, padding):
    result = [0, 0]
    for i in range(2):
        if stride[i] <= 0:
            raise ValueError('stride must be > 0, got %d' % stride[i])
        padded = padding[i] + image_size[i] + padding[i]
        if kernel[i] > padded:
            raise ValueError('kernel %d > padded image %d' % (kernel[i], padded))
        # the last place where the window can stand, counted in steps
        last = int((padded - kernel[i]) / stride[i])
        result[i] = last + 1
    return result

# In[3]: question 2
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=2)
conv2 = nn.Conv2d(16, 64, kernel_size=5, stride=2)
maxpool2 = nn.MaxPool2d(kernel_size=4)
linear1 = nn.Linear(64, 10)

# In[4]: question 3
class CNN(nn.Module):
    def __init__(self):
        super(CNN, self).__init__()
        self.conv1 = nn.Conv2d(1, 20, 5)
        self.conv2 = nn.Conv2d(20, 40, 5)
        self.fc1 = nn.Linear(640, 100)
        self.fc2 = nn.Linear(100, 10)
        self.act1 = nn.PReLU()
        self.act2 = nn.PReLU()
        self.act3 = nn.PReLU()

    def forward(self, x):
        x = self.act1(self.conv1(x))
        x = F.max_pool2d(x, 2)
        x = self.act2(self.conv2(x))
        x = F.max_pool2d(x, 2)
        x = torch.flatten(x, start_dim=1)
        x = self.act3(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=-1)

# In[5]: question 4
# KL divergence from slightly softened labels (.9 for the right one, the rest shared) to my distribution
def soft_labels(y):
    return F.one_hot(y, 10) * 0.9 + 0.01

def train(model, train_data, val_data, epochs=10):
    kl = nn.KLDivLoss(reduction='batchmean')
    optimizer = optim.Adam(model.parameters(), lr=0.003, betas=(0.9, 0.99))
    scheduler = ExponentialLR(optimizer, gamma=0.85)
    history = {'train_loss': [], 'val_loss': [], 'val_accuracy': []}

    for epoch in range(epochs):
        for phase, data in (('train', train_data), ('val', val_data)):
            if phase == 'train':
                model.train()
            else:
                model.eval()
            running_loss = 0.0
            running_corrects = 0
            seen = 0
            for inputs, labels in data:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == 'train'):
                    outputs = model(inputs)
                    _, preds = torch.max(outputs, 1)
                    loss = kl(outputs, soft_labels(labels))
                    if phase == 'train':
                        loss.backward()
                        optimizer.step()
                running_loss += loss.item() * inputs.size(0)
                running_corrects += torch.sum(preds == labels.data).item()
                seen += inputs.size(0)
            if phase == 'train':
                scheduler.step()
            history[phase + '_loss'].append(running_loss / seen)
            if phase == 'val':
                history['val_accuracy'].append(running_corrects / seen)
    return history

# In[6]: question 5
def plot_history(history):
    fig, axs = plt.subplots(1, 3, figsize=(15, 4))
    titles = {'train_loss': 'training loss', 'val_loss': 'validation loss'}
    x = np.arange(1, len(history['train_loss']) + 1)
    for name, title in titles.items():
        axs[0].plot(x, history[name], '.-', label=title)
        axs[1].semilogy(x, history[name], '.-', label=title)
    axs[2].plot(x, history['val_accuracy'], '.-', color='C2', label='validation accuracy')
    for ax, ylabel in zip(axs, ['KL divergence', 'KL divergence (log scale)', 'accuracy']):
        ax.set_xlabel('epoch')
        ax.set_ylabel(ylabel)
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        ax.legend()
    return fig

def plot_confusion(y_true, y_pred):
    n = len(CLASS_NAMES)
    confusion = torch.zeros(n, n)
    for i in range(len(y_true)):
        confusion[y_true[i]][y_pred[i]] += 1
    fig = plt.figure(figsize=(8, 8))
    ax = fig.add_subplot(111)
    cax = ax.matshow(confusion.numpy())
    fig.colorbar(cax)
    for i in range(n):
        for j in range(n):
            ax.text(j, i, '%.0f' % confusion[i][j], ha='center', va='center', color='w')
    ax.set_xticks(np.arange(n), labels=CLASS_NAMES, rotation=90)
    ax.set_yticks(np.arange(n), labels=CLASS_NAMES)
    ax.set_xlabel('guess')
    ax.set_ylabel('category')
    return fig
