"""Parts of networks awake: images are what the whole network takes."""

import numpy as np
import torch
from torch import nn

import brainsleep as bs


def test_a_part_sees_what_the_layers_before_it_make_of_the_images():
    torch.manual_seed(0)
    ann = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6 * 36, 5),
    )
    # 16 x 16 pixels are as many values as the second convolution takes
    images = torch.rand(30, 1, 16, 16)
    labels = ann(images).argmax(dim=1)
    part = bs.translate(ann, (1, 16, 16), input_at="3")
    shown = bs.spiking_accuracy(
        part, (images.numpy(), labels.numpy()), 100, dtype="float64", progress=False
    )
    assert shown.ann_accuracy == 1
    assert shown.accuracy[-1] > 0.9
    assert list(shown.sizes) == ["input", "3", "6"]
    assert shown.sizes["input"] == 4 * 64
    same = bs.spiking_accuracy(
        part,
        (images.numpy(), labels.numpy()),
        100,
        dtype="float64",
        calibration_data=images.numpy(),
        progress=False,
    )
    np.testing.assert_array_equal(same.predictions, shown.predictions)
