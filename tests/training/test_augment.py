"""Augmentation moves image, labels and mask alike; where it interpolates, soft labels still sum to 1."""

import numpy as np
import pytest
import torch
from softbench import InputError
from softbench.training import augment, batches
from softbench.training.augment import Move
from softbench.training.protocol import Protocol

SIZE = 24
RECORDED = Move(degrees=-1.8517595255188057, blur_sigma=0.406637949358332)


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


def test_exchanged_axes_are_those_of_the_patch() -> None:
    protocol = Protocol(steps=1, batch=1, patch_size=[8, 16], learning_rate=1.0, transposes=[["D", "W"]])
    with pytest.raises(InputError, match=r"the patch \[8, 16\] has only H, W"):
        protocol.for_cases(4)


def oblong(dims: int) -> list[torch.Tensor]:
    """Voxels of an oblong case, told apart by their images: 4 rows and 8 columns, every third of them foreground."""
    shape = (2, 4, 8)[-dims:]
    codes = torch.arange(float(np.prod(shape))).reshape(shape) + 1
    hard = (codes % 3 == 0).to(torch.uint8)
    soft = torch.stack([1 - 0.8 * hard, 0.8 * hard])
    return [codes[None], soft, hard, torch.ones(shape, dtype=torch.bool)]


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("move", [Move(transposes=((-2, -1),)), Move(turns=((-2, -1, 1),)), Move(turns=((-2, -1, 3),))])
def test_turned_unequal_axes_are_cropped_and_padded(dims: int, move: Move) -> None:
    """4 x 8 becomes 8 x 4: of its rows the middle 4 stay, and 4 columns are padded, 2 before and 2 behind."""
    before = oblong(dims)
    images, soft, hard, valid = augment.apply(before, move)
    assert images.shape == before[0].shape
    assert hard.shape == before[2].shape
    inside = torch.zeros_like(valid)
    inside[..., 2:6] = True
    assert torch.equal(valid, inside)
    assert torch.equal(hard, torch.where(inside, (images[0] % 3 == 0).to(torch.uint8), 0))  # labels go with their voxel
    torch.testing.assert_close(soft[1], 0.8 * hard)
    torch.testing.assert_close(soft.sum(dim=0), torch.ones(hard.shape))
    kept = images[0][valid]
    assert len(kept.unique()) == inside.sum()  # each voxel once
    columns = (before[0][0] - 1) % 8
    assert set(((kept - 1) % 8).tolist()) == set(columns[..., 2:6].unique().tolist())  # the middle of the longer axis


def test_even_turns_of_unequal_axes_lose_nothing() -> None:
    before = oblong(3)
    after = augment.apply(before, Move(turns=((-2, -1, 2),)))
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one.flip(-2, -1), other)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(("place", "rows", "columns"), [((0, 0), 6, 6), ((-1, 1), 0, 12), ((1, 0), 12, 6)])
def test_zoomed_part_lies_at_its_place(dims: int, place: tuple[float, float], rows: int, columns: int) -> None:
    """At a zoom of 2 a part of 12 x 12 of 24 x 24 fills the crop: its first row and column are told by its mean."""
    parts = sample(dims)
    images, _, _, valid = augment.warp(parts, 0.0, 2.0, place)
    part = parts[0][..., rows : rows + 12, columns : columns + 12]
    halves = torch.nn.functional.avg_pool2d(images.reshape(-1, 1, SIZE, SIZE), 2).reshape(part.shape)
    # each pixel became four; linear interpolation gives them 9/16 of its value, the rest of its neighbours
    assert (halves - part).abs().mean() < 0.05
    assert valid.all()


@pytest.mark.parametrize("dims", [2, 3])
def test_part_at_a_corner_keeps_labels_and_sums(dims: int) -> None:
    images, soft, hard, valid = augment.warp(sample(dims), 0.0, 1.25, (0.9, -0.4))
    torch.testing.assert_close(soft.sum(dim=0), torch.ones(hard.shape))
    assert set(hard.unique().tolist()) <= {0, 1}
    assert ((images[0] > 0.5) != (hard > 0)).float().mean() < 0.01
    assert valid.all()  # a part of the crop never reaches beyond it


def test_places_of_zoomed_parts_are_spread_over_the_crop() -> None:
    settings = {"steps": 1, "batch": 1, "patch_size": [8, 8], "learning_rate": 1.0}
    zoomed, plain = Protocol(**settings, zoom=[1.0, 1.25]), Protocol(**settings, blur_sigma=1)
    draws = [augment.draw(zoomed, 2, batches.generator(0, "augment", step)) for step in range(200)]
    for axis in (0, 1):
        values = [move.place[axis] for move in draws]
        assert min(values) < -0.8
        assert max(values) > 0.8
        assert abs(np.mean(values)) < 0.15
    assert augment.draw(plain, 2, batches.generator(0, "augment", 0)).place == (0.0, 0.0)


def test_a_protocol_without_zoom_draws_what_it_always_did() -> None:
    """The numbers of a run without zoom, recorded before parts had a place; a further draw would shift them."""
    protocol = Protocol(
        steps=1, batch=1, patch_size=[8, 8], learning_rate=1.0, transposes=[["H", "W"]], rotate_deg=20, blur_sigma=1
    )
    move = augment.draw(protocol, 2, batches.generator(0, "augment", 3))
    assert move == RECORDED


def test_epochs_are_turned_into_steps() -> None:
    protocol = Protocol(epochs=3, batch=4, patch_size=[8, 8], learning_rate=1.0).for_cases(10)
    assert (protocol.steps, protocol.validate_every) == (9, 3)  # 10 cases fill 3 batches of 4
    for wrong in ({}, {"steps": 1, "epochs": 1}):
        with pytest.raises(InputError, match="either `steps` or `epochs`"):
            Protocol(batch=4, patch_size=[8, 8], learning_rate=1.0, **wrong).for_cases(10)
