import numpy as np
import torch


# Question 3
def image_to_tensor(image):
    if image.mode in ("LA", "1"):
        image = image.convert("L")
    pixels = np.array(image)
    if pixels.ndim == 2:
        pixels = np.stack([pixels, pixels, pixels], axis=2)
    return torch.from_numpy(pixels[:, :, :3]).permute(2, 0, 1).unsqueeze(0).float() / 255
