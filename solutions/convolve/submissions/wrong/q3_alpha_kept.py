import numpy as np
import torch


# Question 3
def image_to_tensor(image):
    if image.mode != "RGBA":
        image = image.convert("RGB")
    pixels = np.array(image)
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).float() / 255
