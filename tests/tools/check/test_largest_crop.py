"""The largest crop is trained where there is a GPU; where it does not fit, bisection finds what does."""

import math
from dataclasses import replace

import pytest
import torch
from softbench.tools.check import largest_crop
from softbench.training.memory import Need, Step

GPU = torch.device("cuda")
STEP = Step({"name": "compact_unet", "widths": [4, 8, 16]}, 2, 3, 4, (16, 24, 24))


@pytest.fixture
def gpu(monkeypatch):
    """Stand in for a GPU that holds so many voxels; gives the list of what was tried."""

    def of(voxels: int) -> list[tuple[int, tuple[int, ...]]]:
        tried = []

        def few_steps(device, step):
            tried.append((step.batch, step.crop))
            if step.batch * math.prod(step.crop) > voxels:
                raise torch.OutOfMemoryError("CUDA out of memory")

        monkeypatch.setattr(largest_crop, "few_steps", few_steps)
        monkeypatch.setattr(largest_crop, "_forget", lambda device: None)
        for name in ("_peak", "_total_bytes", "_free_bytes"):
            monkeypatch.setattr(largest_crop, name, lambda device: 3 * 2**30)
        return tried

    return of


def test_crop_that_fits_says_its_peak(gpu) -> None:
    gpu(10**9)
    finding = largest_crop.check(GPU, STEP)
    assert finding.verdict == "ok"
    assert "batch 4 of 2 x 16 x 24 x 24, peaks at 3.0 GiB of 3.0 GiB" in finding.detail


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_largest_batch_is_found(gpu, batch) -> None:
    gpu(batch * 16 * 24 * 24)
    finding = largest_crop.check(GPU, STEP)
    assert finding.verdict == "failed"
    assert f"batch {batch} does" in finding.detail


def test_largest_crop_is_found_where_no_batch_fits(gpu) -> None:
    tried = gpu(16 * 20 * 20)
    finding = largest_crop.check(GPU, STEP)
    assert "at batch 1 a crop of 16 x 20 x 20 does" in finding.detail
    assert (1, (16, 20, 20)) in tried
    assert len(tried) == len(set(tried))


def test_nothing_fits(gpu) -> None:
    gpu(0)
    assert "no crop does" in largest_crop.check(GPU, STEP).detail


def test_cudnn_says_out_of_memory_in_its_own_words_and_other_errors_are_passed_on(gpu, monkeypatch) -> None:
    gpu(0)
    for message, expected in (("cuDNN error: CUDNN_STATUS_ALLOC_FAILED", None), ("illegal access", "illegal access")):

        def fail(device, step, message=message):
            raise RuntimeError(message)

        monkeypatch.setattr(largest_crop, "few_steps", fail)
        if expected is None:
            assert largest_crop.peak_bytes(GPU, STEP) is None
        else:
            with pytest.raises(RuntimeError, match=expected):
                largest_crop.peak_bytes(GPU, STEP)


@pytest.mark.parametrize("crop", [(16, 24, 24), (4, 8, 8), (24, 24)])
def test_the_loop_of_a_campaign_trains_the_step(crop, monkeypatch) -> None:
    seen = []
    train = largest_crop.train

    def watched(data, *rest, **settings):
        seen.append((tuple(data.images.shape), settings["protocol"].batch))
        return train(data, *rest, **settings)

    monkeypatch.setattr(largest_crop, "train", watched)
    largest_crop.few_steps(torch.device("cpu"), replace(STEP, crop=crop))
    assert seen == [((4, 2, *crop), 4)]


@pytest.mark.parametrize("limit", range(-1, 7))
def test_bisection_finds_the_last_that_fits(limit) -> None:
    options = list(range(7))
    assert largest_crop.last_that_fits(options, lambda one: one <= limit) == (None if limit < 0 else limit)
    assert largest_crop.last_that_fits([], lambda one: True) is None


def test_estimate_on_a_cpu_is_a_warning_at_most() -> None:
    need = Need(0, 1024, 4)  # 36 MiB a step of 4 x 16 x 24 x 24 voxels
    assert largest_crop.judge(STEP, need, 2**30).verdict == "ok"
    little = largest_crop.judge(STEP, need, 25 * 2**20)  # 0.85 of 25 are 21.25: two of 9 MiB
    assert little.verdict == "warning"
    assert "batch 2 fits" in little.detail
    assert "batch 1 of 16 x 20 x 20 fits" in largest_crop.judge(STEP, need, 8 * 2**20).detail  # 6.8 MiB; it has 6.25
    assert "no crop fits" in largest_crop.judge(STEP, need, 1).detail
