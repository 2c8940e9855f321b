import numpy as np
import torch


# Question 3
def image_to_tensor(image):
    arr = np.array(image.convert("RGB"))
    height, width, channels = arr.shape
    return torch.tensor(arr / 255).float().reshape(1, channels, height, width)
