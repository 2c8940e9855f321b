import torch
from torch.nn.functional import avg_pool2d, max_pool2d


# Question 5
def pool(image, kernel_size, stride=None, how="max"):
    x = torch.tensor(image, dtype=torch.float64)
    return (max_pool2d if how == "max" else avg_pool2d)(x, kernel_size, stride).numpy()
