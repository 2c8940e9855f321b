import torch
import torch.nn.functional as F


# Question 4
def convolve(image, weight, bias, stride):
    image, weight, bias = (torch.from_numpy(a).double() for a in (image, weight, bias))
    return F.conv2d(image.unsqueeze(0), weight, bias, stride=stride).squeeze(0).numpy()
