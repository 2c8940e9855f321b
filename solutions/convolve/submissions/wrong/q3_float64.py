import numpy as np
import torch


# Question 3
def image_to_tensor(image):
    arr = np.array(image.convert("RGB")) / 255
    return torch.from_numpy(arr.transpose(2, 0, 1)).unsqueeze(0)
