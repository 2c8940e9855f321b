# Written by hand: all answers are of somebody else's kind, and the training is that of cnn/right/kl_divergence.py, with
# a plain while loop around it, prints in it, and its parts in functions.
import torch, torch.nn as nn, torch.nn.functional as F, torch.optim as optim
import matplotlib.pyplot as plt


def calculate_output_shape(image_size, kernel, stride, padding):
    if 0 in stride: raise ValueError
    sides = tuple(a + 2 * b - c for a, b, c in zip(image_size, padding, kernel))
    if min(sides) < 0: raise ValueError
    return [sides[0] // stride[0] + 1, sides[1] // stride[1] + 1]


class CNN(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(1, 8, 3), nn.ELU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(1352, 10), nn.LogSoftmax(1))


def smooth(t): return F.one_hot(t, 10) * 0.9 + 0.01


def train(model, train_data, val_data, epochs=10):
    print("starting")
    lossf = nn.KLDivLoss(reduction='batchmean')
    o = optim.Adam(model.parameters(), lr=0.003, betas=(0.9, 0.99))
    s = optim.lr_scheduler.ExponentialLR(o, gamma=0.85)
    res = {'train_loss': [], 'val_loss': [], 'val_accuracy': []}
    e = 0
    while e < epochs:
        e += 1
        for mode, dl in (('train', train_data), ('val', val_data)):
            if mode == 'train':
                model.train()
            else:
                model.eval()
            L, R, N = 0.0, 0, 0
            for a, b in dl:
                o.zero_grad()
                with torch.set_grad_enabled(mode == 'train'):
                    c = model(a)
                    _, p = torch.max(c, 1)
                    l = lossf(c, smooth(b))
                    if mode == 'train':
                        l.backward()
                        o.step()
                L += l.item() * a.size(0)
                R += torch.sum(p == b.data).item()
                N += a.size(0)
            if mode == 'train':
                s.step()
            print(e, mode, L / N)
            res[mode + '_loss'].append(L / N)
            if mode == 'val':
                res['val_accuracy'].append(R / N)
    return res
