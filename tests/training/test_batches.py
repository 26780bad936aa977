"""A batch is a gather from half-sized memory: the same numbers whatever memory it is written into."""

import numpy as np
import pytest
import torch
from softbench.arrays import one_hot
from softbench.datasets.case import Case
from softbench.store import encode
from softbench.training import batches, cached_data
from softbench.training.protocol import Protocol

CPU = torch.device("cpu")
PROTOCOL = Protocol(
    steps=4,
    batch=2,
    patch_size=[4, 6, 5],
    learning_rate=0.1,
    flips=["D", "H", "W"],
    intensity_scale=0.1,
    intensity_shift=0.2,
)


def make_case(number: int, factor: float = 1.0) -> Case:
    rng = np.random.default_rng(number)
    images = (factor * rng.normal(size=(2, 6, 7, 8))).astype(np.float32)
    labels = rng.integers(0, 3, (1, 6, 7, 8)).astype(np.uint8)
    return Case(f"case_{number}", images, labels, (1.0, 1.0, 1.0), np.eye(4))


def load(cases: list[Case], said: list[str] | None = None) -> cached_data.CachedData:
    targets = ((encode(one_hot(case.labels[0], 3))[None], case.labels) for case in cases)
    return cached_data.load(cases, targets, PROTOCOL.patch_size, CPU, (said if said is not None else []).append)


def test_memory_that_is_used_again_holds_the_batch_that_fresh_memory_would() -> None:
    data = load([make_case(n) for n in range(3)])
    into = batches.buffers(data, PROTOCOL)
    for step in range(8):
        images, target = batches.draw_batch(data, PROTOCOL, 0, step, into)
        others, other = batches.draw_batch(data, PROTOCOL, 0, step)
        assert torch.equal(images, others)
        assert all(torch.equal(a, b) for a, b in zip(target, other, strict=True))
        assert images.data_ptr() == into.images.data_ptr()


def test_flipped_batch_is_the_flipped_crop() -> None:
    """The crop is the whole case, so that only flips are left; every combination of the 3 axes comes up."""
    cases = [make_case(0)]
    settings = {"steps": 1, "batch": 1, "patch_size": [6, 7, 8], "learning_rate": 0.1}
    plain, flipping = Protocol(**settings), Protocol(**settings, flips=["D", "H", "W"])
    data = cached_data.load(cases, [(encode(one_hot(cases[0].labels[0], 3))[None], cases[0].labels)], [6, 7, 8], CPU)
    straight, target = batches.draw_batch(data, plain, 0, 0)
    ways = [[axis for axis, turned in zip((-3, -2, -1), bits, strict=True) if turned] for bits in np.ndindex(2, 2, 2)]
    seen = set()
    for step in range(40):
        images, turned = batches.draw_batch(data, flipping, 0, step)
        (way,) = [n for n, axes in enumerate(ways) if torch.equal(images, straight.flip(axes))]
        assert torch.equal(turned.hard, target.hard.flip(ways[way]))
        assert torch.equal(turned.soft, target.soft.flip(ways[way]))
        seen.add(way)
    assert len(seen) == 8


def test_batch_of_an_oblong_patch_holds_turned_samples() -> None:
    """Half of the samples have H and W exchanged: their voxels are the case's, and padding is background, not valid."""
    case, settings = make_case(0), {"steps": 1, "batch": 1, "patch_size": [6, 4, 8], "learning_rate": 0.1}
    case = Case(case.id, case.images[:, :, :4], case.labels[:, :, :4], case.spacing_mm, case.affine)
    protocol = Protocol(**settings, transposes=[["H", "W"]]).for_cases(1)
    data = cached_data.load([case], [(encode(one_hot(case.labels[0], 3))[None], case.labels)], [6, 4, 8], CPU)
    straight, whole = batches.draw_batch(data, Protocol(**settings), 0, 0)
    turned = 0
    for step in range(20):
        images, target = batches.draw_batch(data, protocol, 0, step)
        torch.testing.assert_close(target.soft.sum(dim=1), torch.ones(1, 6, 4, 8))
        assert torch.equal(target.soft.argmax(dim=1), target.hard)
        if target.valid.all():
            assert torch.equal(images, straight)
            continue
        turned += 1
        assert torch.equal(images[..., 2:6], straight[..., 2:6].transpose(-2, -1))  # 8 columns are 8 rows, cut to 4
        assert torch.equal(target.hard[..., 2:6], whole.hard[..., 2:6].transpose(-2, -1))
        assert target.valid.sum() == 6 * 4 * 4
        assert not target.hard[~target.valid].any()
    assert 4 < turned < 16


def test_images_are_rounded_to_half_precision_and_kept_whole_where_that_would_overflow() -> None:
    small, large = load([make_case(0)]), load([make_case(0), make_case(1, 1e6)])
    assert small.images.dtype == torch.float16
    assert large.images.dtype == torch.float32
    np.testing.assert_allclose(small.images[0].numpy(), make_case(0).images, rtol=2**-11, atol=2**-25)


def test_targets_are_read_one_at_a_time() -> None:
    cases, read = [make_case(n) for n in range(3)], []

    def targets():
        for case in cases:
            read.append(case.id)
            yield encode(one_hot(case.labels[0], 3))[None], case.labels

    data = cached_data.load(cases, targets(), PROTOCOL.patch_size, CPU)
    assert read == ["case_0", "case_1", "case_2"]
    assert torch.equal(data.hard[1, 0], torch.from_numpy(cases[1].labels[0]))


def test_where_the_data_lie_is_said() -> None:
    said: list[str] = []
    load([make_case(0), make_case(1)], said)
    # 2 cases of 6 x 7 x 8 voxels: 2 channels of 2 bytes, 3 classes of 2 bytes, 1 byte of label
    assert said == ["training data: 2 cases, 0 MB in memory (cpu)"]


@pytest.mark.parametrize(("size", "free", "fits"), [(50, 100, True), (51, 100, False)])
def test_data_take_at_most_half_of_the_free_memory_of_a_gpu(size: int, free: int, fits: bool) -> None:
    assert cached_data.fits(size, free) == fits
