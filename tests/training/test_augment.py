"""Augmentation moves image, labels and mask alike; where it interpolates, soft labels still sum to 1."""

import numpy as np
import pytest
import torch
from softbench import InputError
from softbench.training import augment, batches
from softbench.training.augment import Move
from softbench.training.protocol import Protocol

SIZE = 24


def sample(dims: int = 2) -> list[torch.Tensor]:
    """An off-centre disc as label, itself as image and, blurred, as soft label; all valid."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    disc = (rows - 8) ** 2 + (columns - 14) ** 2 < 20
    smooth = augment.blur(torch.from_numpy(disc[None].astype(np.float32)), 1.0)[0].numpy()
    hard = torch.from_numpy(disc.astype(np.uint8))
    parts = [hard[None].float(), torch.from_numpy(np.stack([1 - smooth, smooth])), hard, torch.ones_like(hard).bool()]
    return parts if dims == 2 else [part.unsqueeze(-3).repeat_interleave(4, dim=-3) for part in parts]


def test_no_move_changes_nothing() -> None:
    for before, after in zip(sample(), augment.apply(sample(), Move()), strict=True):
        assert torch.equal(before, after)


@pytest.mark.parametrize("dims", [2, 3])
def test_turns_and_transposes_take_labels_with_the_image(dims: int) -> None:
    images, soft, hard, valid = augment.apply(sample(dims), Move(transposes=((-2, -1),), turns=((-2, -1, 1),)))
    assert torch.equal(images[0].to(torch.uint8), hard)
    assert torch.equal(soft[1] > 0.5, hard > 0)
    assert valid.all()


def test_quarter_rotation_is_a_quarter_turn() -> None:
    warped = augment.warp(sample(), 90.0, 1.0)
    turned = augment.apply(sample(), Move(turns=((-2, -1, 1),)))
    assert torch.equal(warped[2], turned[2])
    torch.testing.assert_close(warped[0], turned[0], atol=1e-4, rtol=0)


@pytest.mark.parametrize(("degrees", "zoom"), [(17.0, 1.0), (0.0, 1.4), (-30.0, 0.8)])
def test_warped_soft_labels_sum_to_one_and_follow_the_image(degrees: float, zoom: float) -> None:
    images, soft, hard, valid = augment.warp(sample(), degrees, zoom)
    torch.testing.assert_close(soft.sum(dim=0), torch.ones(SIZE, SIZE))
    assert ((images[0] > 0.5) != (hard > 0)).sum() <= 4  # nearest and linear differ at the rim alone
    assert bool(valid.all()) == (zoom >= 1 and degrees == 0)


def test_zoom_magnifies_areas() -> None:
    before, after = sample()[0].sum(), augment.warp(centred(), 0.0, 1.5)[0].sum()
    assert after / centred()[0].sum() == pytest.approx(1.5**2, rel=0.02)
    assert before > 0


def centred() -> list[torch.Tensor]:
    parts = sample()
    return [part.roll((4, -2), (-2, -1)) for part in parts]  # to the middle, where a zoom cuts nothing off


def test_oblong_images_are_rotated_without_shear() -> None:
    rows, columns = np.mgrid[:20, :40]
    square = torch.from_numpy(((abs(rows - 9.5) < 5) & (abs(columns - 19.5) < 5)).astype(np.float32))[None]
    parts = [square, torch.cat([1 - square, square]), square[0].to(torch.uint8), torch.ones(20, 40, dtype=torch.bool)]
    turned = augment.warp(parts, 90.0, 1.0)[0]
    torch.testing.assert_close(turned, square, atol=1e-4, rtol=0)  # a square turned by 90 degrees is itself


def test_blur_keeps_the_mean_and_lowers_the_peak() -> None:
    point = torch.zeros(1, 15, 15)
    point[0, 7, 7] = 1
    blurred = augment.blur(point, 1.0)
    assert blurred.sum() == pytest.approx(1, abs=1e-5)
    assert blurred[0, 7, 7] == pytest.approx(1 / (2 * np.pi), rel=0.02)  # the peak of a Gaussian of sigma 1


def test_draws_are_a_function_of_seed_and_step() -> None:
    settings = {"steps": 1, "batch": 1, "patch_size": [8, 8], "learning_rate": 1.0}
    protocol = Protocol(
        **settings, transposes=[["H", "W"]], quarter_turns=[["H", "W"]], rotate_deg=20, zoom=[0.9, 1.1], blur_sigma=1
    )
    moves = [augment.draw(protocol, 2, batches.generator(0, "augment", step)) for step in range(40)]
    assert moves == [augment.draw(protocol, 2, batches.generator(0, "augment", step)) for step in range(40)]
    assert {turn for move in moves for _, _, turn in move.turns} == {0, 1, 2, 3}
    assert max(abs(move.degrees) for move in moves) <= 20
    assert {bool(move.transposes) for move in moves} == {True, False}
    assert augment.draw(Protocol(**settings), 2, batches.generator(0, "augment", 0)) == Move()


def test_exchanged_axes_need_one_length() -> None:
    protocol = Protocol(steps=1, batch=1, patch_size=[8, 16, 8], learning_rate=1.0, transposes=[["H", "W"]])
    with pytest.raises(InputError, match="axes H, W are exchanged"):
        protocol.for_cases(4)


def test_epochs_are_turned_into_steps() -> None:
    protocol = Protocol(epochs=3, batch=4, patch_size=[8, 8], learning_rate=1.0).for_cases(10)
    assert (protocol.steps, protocol.validate_every) == (9, 3)  # 10 cases fill 3 batches of 4
    for wrong in ({}, {"steps": 1, "epochs": 1}):
        with pytest.raises(InputError, match="either `steps` or `epochs`"):
            Protocol(batch=4, patch_size=[8, 8], learning_rate=1.0, **wrong).for_cases(10)
