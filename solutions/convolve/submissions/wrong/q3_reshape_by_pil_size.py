import numpy as np
import torch


# Question 3
def image_to_tensor(image):
    arr = np.array(image.convert("RGB"))
    return torch.tensor(arr / 255).float().view(1, 3, *image.size)
