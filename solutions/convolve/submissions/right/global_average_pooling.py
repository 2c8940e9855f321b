#!/usr/bin/env python
# coding: utf-8

# In[1]:


import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image
from torch import nn

get_ipython().run_line_magic('matplotlib', 'inline')
torch.manual_seed(0)


# In[2]:


def make_zebra(height, width):
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    return np.where(x % 2 == 0, 0, 1)


def make_checkerboard(height, width):
    y, x = np.mgrid[0:height, 0:width]
    return np.mod(x + y, 2)


def flat_difference(a, b):
    return 1.0 - np.equal(a.reshape(-1), b.reshape(-1)).mean()


# In[3]:


def extract_patches(image, kernel_size, stride):
    h, w = image.shape
    kh, kw = kernel_size
    down, right = stride
    patches = []
    top = 0
    while top + kh <= h:
        row = []
        left = 0
        while left + kw <= w:
            row.append(image[top:top + kh, left:left + kw].tolist())
            left += right
        patches.append(row)
        top += down
    return np.array(patches)


# In[4]:


def image_to_tensor(image):
    if image.mode == "RGBA":
        array = np.array(image)[..., :3]
    else:
        array = np.array(image.convert("RGB"))
    tensor = torch.tensor(array, dtype=torch.float32)
    tensor = tensor / 255.0
    tensor = tensor.permute(2, 0, 1)
    return tensor.unsqueeze(0)


# In[5]:


def convolve(image, weight, bias, stride):
    F, C, kh, kw = weight.shape
    _, H, W = image.shape
    out_h = (H - kh) // stride[0] + 1
    out_w = (W - kw) // stride[1] + 1
    # add up the picture, moved, once for each place of the kernel
    out = np.zeros((F, out_h, out_w)) + bias.reshape(F, 1, 1)
    for i in range(kh):
        for j in range(kw):
            moved = image[:, i:i + stride[0] * out_h:stride[0], j:j + stride[1] * out_w:stride[1]]
            out += np.einsum('fc,chw->fhw', weight[:, :, i, j], moved[:, :out_h, :out_w])
    return out


# In[6]:


def pool(image, kernel_size, stride=None, how="max"):
    kh, kw = kernel_size
    sh, sw = stride if stride is not None else kernel_size
    C, H, W = image.shape
    out = np.zeros((C, (H - kh) // sh + 1, (W - kw) // sw + 1), dtype=float)
    func = {"max": np.max, "avg": np.mean}[how]
    for c in range(C):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[c, i, j] = func(image[c, i * sh:i * sh + kh, j * sw:j * sw + kw])
    return out


# In[7]:


def trace_shapes(layers, input_shape):
    shapes = []
    shape = list(input_shape)
    for layer in layers:
        if isinstance(layer, nn.Conv2d) and layer.in_channels != shape[1]:
            raise ValueError("wrong number of channels")
        if hasattr(layer, "kernel_size"):
            sizes = []
            for name in ("kernel_size", "stride", "padding"):
                value = getattr(layer, name)
                sizes.append([value, value] if isinstance(value, int) else list(value))
            new_sides = []
            for side, k, s, p in zip(shape[2:], *sizes):
                if side + 2 * p < k:
                    raise ValueError("window does not fit")
                new_sides.append((side + 2 * p - k) // s + 1)
            shape = [shape[0], getattr(layer, "out_channels", shape[1])] + new_sides
        if isinstance(layer, nn.Flatten):
            shape = [shape[0], int(np.prod(shape[1:]))]
        if isinstance(layer, nn.Linear):
            if layer.in_features != shape[-1]:
                raise ValueError("wrong number of features")
            shape = shape[:-1] + [layer.out_features]
        shapes.append(tuple(shape))
    return shapes


# In[8]:


class PatternNet(nn.Module):
    def __init__(self):
        super(PatternNet, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, 2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 8, 2)

        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        x = torch.relu(self.bn(self.conv1(x)))
        x = torch.relu(self.conv2(x))
        x = torch.amax(x, dim=(2, 3)) + x.mean((2, 3))
        return self.fc(x)


def train_patterns(model, images, labels):
    model.train()
    opt = torch.optim.Adam(model.parameters(), 0.01)
    groups = {}
    for i, image in enumerate(images):
        groups.setdefault(tuple(image.shape), []).append(i)
    for epoch in range(30):
        keys = list(groups)
        np.random.shuffle(keys)
        for key in keys:
            index = torch.tensor(groups[key])[torch.randperm(len(groups[key]))]
            x = torch.stack([images[i] for i in index])
            loss = nn.CrossEntropyLoss()(model(x), labels[index])
            opt.zero_grad()
            loss.backward()
            opt.step()


# In[9]:


class TinyCNN(nn.Module):
    def __init__(self):
        super(TinyCNN, self).__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 24, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            nn.Conv2d(24, 48, kernel_size=3, padding=1),
            nn.BatchNorm2d(48),
            nn.ReLU(),
            nn.Conv2d(48, 64, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, 5),
        )

    def forward(self, x):
        return self.net(x)


def train_tiny(model, images, labels):
    model.train()
    opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    n_batches = max(1, len(images) // 32)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.05, epochs=8, steps_per_epoch=n_batches)
    for epoch in range(8):
        perm = torch.randperm(len(images))
        for b in perm.chunk(n_batches)[:n_batches]:
            x = images[b]
            if np.random.rand() < 0.5:
                x = torch.flip(x, [3])
            opt.zero_grad()
            loss = nn.CrossEntropyLoss()(model(x), labels[b])
            loss.backward()
            opt.step()
            sched.step()


# In[10]:


model = PatternNet()
print(sum(p.numel() for p in model.parameters()))
print(model)
