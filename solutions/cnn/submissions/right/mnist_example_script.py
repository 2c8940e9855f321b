from __future__ import print_function
import os
import torch
import torchvision
from torchvision import datasets, transforms
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR
import matplotlib.pyplot as plt

# I start from the network of the official MNIST example (32 and 64 channels, two dropouts),
# as a script that I run with "python cnn.py"

DATA = os.path.join('.', 'datasets')
data_train = datasets.FashionMNIST(DATA, train=True, download=True, transform=transforms.ToTensor())
data_val = datasets.FashionMNIST(DATA, train=False, download=True, transform=transforms.ToTensor())
class_names = data_train.classes


def calculate_output_shape(image_size, kernel, stride, padding):
    output = []
    for i in [0, 1]:
        if stride[i] == 0:
            raise ValueError('stride must not be zero')
        size = image_size[i] + padding[i] * 2
        if size < kernel[i]:
            raise ValueError('kernel size can\'t be greater than actual input size')
        output.append((size - kernel[i]) // stride[i] + 1)
    return output


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(2)
conv2 = nn.Conv2d(16, 64, 3, 1)
maxpool2 = nn.MaxPool2d(10)
linear1 = nn.Linear(64, 10)


class CNN(nn.Module):
    def __init__(self):
        super(CNN, self).__init__()
        self.first = nn.Conv2d(1, 32, (3, 3))
        self.second = nn.Conv2d(32, 64, (3, 3))
        self.drop_maps = nn.Dropout(p=0.25)
        self.drop_units = nn.Dropout(p=0.5)
        self.hidden = nn.Linear(64 * 12 * 12, 128)
        self.out = nn.Linear(128, 10)

    def forward(self, images):
        maps = F.relu(self.first(images))
        maps = F.relu(self.second(maps))
        maps = self.drop_maps(F.max_pool2d(maps, 2))
        units = self.drop_units(F.relu(self.hidden(maps.flatten(1))))
        return F.log_softmax(self.out(units), dim=1)


def train_one(model, train_loader, optimizer):
    model.train()
    total = 0
    for data, target in train_loader:
        optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(data)
    return total / len(train_loader.dataset)


def test(model, test_loader):
    model.eval()
    test_loss = 0
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            output = model(data)
            test_loss += F.nll_loss(output, target, reduction='sum').item()  # sum up batch loss
            pred = output.argmax(dim=1, keepdim=True)  # index of the largest log-probability
            correct += pred.eq(target.view_as(pred)).sum().item()
    return test_loss / len(test_loader.dataset), correct / len(test_loader.dataset)


def train(model, train_data, val_data, epochs=10):
    optimizer = optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = StepLR(optimizer, step_size=1, gamma=0.9)
    history = {'train_loss': [], 'val_loss': [], 'val_accuracy': []}
    for epoch in range(1, epochs + 1):
        history['train_loss'].append(train_one(model, train_data, optimizer))
        loss, accuracy = test(model, val_data)
        history['val_loss'].append(loss)
        history['val_accuracy'].append(accuracy)
        print('Epoch {}: validation loss {:.4f}, accuracy {:.0f}%'.format(epoch, loss, 100. * accuracy))
        scheduler.step()
    return history


def plot_history(history):
    epochs = range(1, len(history['train_loss']) + 1)
    fig, (a, b) = plt.subplots(1, 2)
    fig.set_size_inches(10, 4)
    a.plot(epochs, history['train_loss'], 'r', label='Training loss')
    a.plot(epochs, history['val_loss'], 'b', label='Validation loss')
    a.set_title('Training and validation loss')
    a.set_xlabel('Epochs')
    a.set_ylabel('Loss')
    a.legend()
    b.plot(epochs, history['val_accuracy'], 'b', label='Validation accuracy')
    b.set_title('Validation accuracy')
    b.set_xlabel('Epochs')
    b.set_ylabel('Accuracy')
    b.legend()
    return fig


def plot_confusion(y_true, y_pred):
    matrix = torch.zeros(10, 10, dtype=torch.int32)
    stacked = torch.stack((y_true, y_pred), dim=1)
    for p in stacked:
        tl, pl = p.tolist()
        matrix[tl, pl] = matrix[tl, pl] + 1
    fig = plt.figure(figsize=(10, 10))
    plt.imshow(matrix, interpolation='nearest', cmap=plt.cm.Blues)
    plt.title('Confusion matrix')
    plt.colorbar()
    plt.xticks(torch.arange(10), class_names, rotation=45)
    plt.yticks(torch.arange(10), class_names)
    threshold = matrix.max() / 2.
    for i in range(10):
        for j in range(10):
            plt.text(j, i, format(matrix[i, j].item(), 'd'), horizontalalignment='center',
                     color='white' if matrix[i, j] > threshold else 'black')
    plt.ylabel('True label')
    plt.xlabel('Predicted label')
    plt.tight_layout()
    return fig


def main():
    from fashion import CustomDataloader

    torch.manual_seed(1)
    x, y = data_train.data[:1000, None] / 255., data_train.targets[:1000]
    x_val, y_val = data_val.data[:500, None] / 255., data_val.targets[:500]
    model = CNN()
    history = train(model, CustomDataloader(x, y, 32, True), CustomDataloader(x_val, y_val, 32), epochs=1)
    plot_history(history).savefig('history.png')
    model.eval()
    with torch.no_grad():
        plot_confusion(y_val, model(x_val).argmax(1)).savefig('confusion.png')


if __name__ == '__main__':
    main()
