from otter.test_files import test_case

OK_FORMAT = False

name = "q3"
points = 0

@test_case(points=None, hidden=False)
def test_a_colour_image(image_to_tensor, env):
    import numpy as np
    import torch
    from PIL import Image
    assert callable(image_to_tensor), 'image_to_tensor is not defined: run the cell above.'
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    tensor = image_to_tensor(Image.fromarray(pixels))
    assert tensor is not None and tensor is not ..., 'Nothing came back. Return the tensor.'
    assert torch.is_tensor(tensor), f'Return a torch tensor, not a {type(tensor).__name__}.'
    message = f'An image 4 high and 6 wide should give (1, 3, 4, 6). Yours gives {tuple(tensor.shape)}.'
    if tuple(tensor.shape) in ((1, 3, 6, 4), (3, 6, 4)):
        message += ' Height and width have changed places: permute(2, 0, 1) keeps them.'
    assert tuple(tensor.shape) == (1, 3, 4, 6), message
    message = f'The numbers should be float32 from 0 to 1. Yours are {tensor.dtype}, up to {tensor.max()}.'
    assert tensor.dtype == torch.float32 and tensor.max() <= 1, message
    expected = torch.tensor(pixels.transpose(2, 0, 1) / 255, dtype=torch.float32)
    message = 'The shape is right, but pixels are not in their places. reshape and view mix them: use permute.'
    assert torch.allclose(tensor[0], expected, atol=1e-06), message

@test_case(points=None, hidden=False)
def test_other_modes(image_to_tensor, env):
    import torch
    from PIL import Image
    assert callable(image_to_tensor), 'image_to_tensor is not defined: run the cell above.'
    colour = Image.new('RGB', (3, 2), (255, 0, 51))
    for mode in ('RGBA', 'P', 'L', 'LA', '1'):
        image = colour.convert(mode)
        failure = None
        try:
            tensor = image_to_tensor(image)
        except Exception as error:
            failure = f'{type(error).__name__}: {error}'
        message = f'An image of mode {mode} fails with {failure}.'
        assert failure is None, message
        assert tensor is not None and tensor is not ..., 'Nothing came back. Return the tensor.'
        message = f"An image of mode {mode} should give (1, 3, 2, 3). Yours gives {getattr(tensor, 'shape', tensor)}."
        assert torch.is_tensor(tensor) and tuple(tensor.shape) == (1, 3, 2, 3), message
        expected = torch.tensor(image.convert('RGB').getpixel((0, 0))) / 255
        message = f'In an image of mode {mode}, the pixel {expected.tolist()} becomes {tensor[0, :, 0, 0].tolist()}.'
        assert torch.allclose(tensor[0, :, 0, 0].float(), expected, atol=1e-06), message

