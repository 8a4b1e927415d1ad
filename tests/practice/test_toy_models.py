"""The stand-ins for a vision model and its files: what they answer, and what they refuse as a large model would."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recsys_lessons.practice.toys import ToyModels, ToyVision


def grey(value: int, height: int = 1, width: int = 2) -> np.ndarray:
    return np.full((height, width, 3), value, dtype=np.uint8)


def seen(models: ToyModels, *files: str) -> torch.Tensor:
    with torch.inference_mode():
        return models.network.eval()(torch.stack([models.prepare(models.open(file)) for file in files]))


def test_a_picture_is_told_by_where_its_letters_stand_and_prepared_to_one_size():
    models = ToyModels()
    assert models.open("rg").shape == (1, 2, 3) and models.open("rg")[0, 1].tolist() == [40, 80, 0]
    assert models.prepare(models.open("rg")).shape == models.prepare(models.open("brg")).shape == (3, 2, 2)
    torch.testing.assert_close(seen(models, "rg", "b"), torch.tensor([[40.0, 80, 0], [0, 0, 40]]) / 127.5 - 1)
    assert [frame.shape[1] for frame in models.frames("rg/b")] == [2, 1]
    assert models.text(["rg", "b"]).tolist() == [[10, 20, 0], [0, 0, 10]]


@pytest.mark.parametrize(
    ("batch", "error", "said"),
    [
        (torch.zeros(3, 2, 2), ValueError, r"takes a batch \(n, 3, 2, 2\), and got \(3, 2, 2\)"),
        (torch.zeros(0, 3, 2, 2), ValueError, "takes a batch"),
        (torch.full((1, 3, 2, 2), 80.0), ValueError, "prepared pictures, -1 to 1, and got a value of 80"),
        (torch.zeros(1, 3, 2, 2, dtype=torch.uint8), TypeError, "takes a float32 tensor, and got torch.uint8"),
        (torch.zeros(1, 3, 2, 2, device="meta"), RuntimeError, "on meta, and the network on cpu"),
        ("rg", TypeError, "takes a float32 tensor"),
    ],
)
def test_the_network_refuses_what_is_no_batch_of_prepared_pictures(batch, error, said):
    with torch.inference_mode(), pytest.raises(error, match=said):
        ToyModels().network.eval()(batch)


def test_the_network_refuses_training_mode_and_gradients():
    network, batch = ToyModels().network, torch.zeros(1, 3, 2, 2)
    with torch.inference_mode(), pytest.raises(RuntimeError, match="training mode"):
        network(batch)
    with pytest.raises(RuntimeError, match="gradients are on"):
        network.eval()(batch)


def test_toy_vision_gives_mean_colours_and_refuses_what_an_encoder_would():
    encoder = ToyVision(2, 2)
    picture = np.array([[[1, 2, 3], [3, 4, 5]]], dtype=np.uint8)
    assert encoder([picture, grey(9)]).tolist() == [[2, 3, 4], [9, 9, 9]]
    for wrong in (picture, [picture[0]], [picture.astype(float)], [picture[:, :, :1]]):
        with pytest.raises(TypeError, match="the encoder takes"):
            encoder(wrong)
    with pytest.raises(ValueError, match="without a picture"):
        encoder([])
    with pytest.raises(ValueError, match="at most 2 pictures in a call, and got 3"):
        encoder([grey(1)] * 3)
    encoder([grey(1)])
    with pytest.raises(ValueError, match="called 3 times, where 2 would do"):
        encoder([grey(1)])


@pytest.mark.parametrize("toy", [ToyVision(), ToyVision(2, 1), ToyModels()], ids=repr)
def test_a_toy_is_written_as_python_that_makes_one_like_it(toy):
    assert eval(repr(toy)) == toy and type(toy)(*toy.arguments) == toy
