import numpy as np
import torch
from PIL import Image


# Question 3
def image_to_tensor(image):
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    pixels = np.array(image.convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).float() / 255
