import numpy as np
import torch


# Question 3
def image_to_tensor(image):
    pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1).float()
    return (pixels / pixels.max()).unsqueeze(0)
