"""What a step needs is estimated from a small crop, and what would fit instead is computed from it."""

import pytest
import torch
from softbench.errors import InputError
from softbench.jobs.available import available_bytes
from softbench.tools.check import largest_crop
from softbench.training import memory
from softbench.training.memory import Need, Step
from torch import nn
from torch.profiler import ProfilerActivity, profile

CPU = torch.device("cpu")
COMPACT = {"name": "compact_unet", "widths": [8, 16, 32]}
GIB = 2**30


def peak_of_tensors(step: Step) -> int:
    """Return the most bytes that tensors of a training held at a time, by torch's own account."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        largest_crop.few_steps(CPU, step)
    held = peak = 0
    for event in record.profiler.kineto_results.events():
        held += event.nbytes() if event.name() == "[memory]" else 0
        peak = max(peak, held)
    return peak


@pytest.mark.parametrize(
    "step",
    [
        Step(COMPACT, 2, 3, 2, (32, 48, 48)),
        Step(COMPACT, 1, 2, 4, (160, 160)),
        Step({"name": "unet3d", "widths": [8, 16, 32]}, 2, 3, 2, (32, 48, 48)),
    ],
)
def test_estimate_is_near_what_training_takes(step) -> None:
    assert memory.estimate(step).bytes(step.batch, step.crop) == pytest.approx(peak_of_tensors(step), rel=0.25)


def test_bf16_needs_less_than_fp32() -> None:
    step = Step(COMPACT, 2, 3, 2, (32, 48, 48))
    in_bf16, in_fp32 = (memory.estimate(step, precision).of_voxel for precision in ("bf16", "fp32"))
    assert 0.5 * in_fp32 < in_bf16 < 0.9 * in_fp32  # the loss stays in fp32


def test_weights_count_four_times() -> None:
    step = Step(COMPACT, 2, 3, 2, (32, 48, 48))
    weights = sum(p.numel() for p in step.build().parameters())
    assert memory.estimate(step).fixed == 4 * 4 * weights  # bytes of float32; weights, gradients, two means


class OneSize(nn.Module):
    """A network that takes one grid alone, as transformers do."""

    multiple = 8

    def __init__(self, lengths: tuple[int, ...] = (8, 8)) -> None:
        super().__init__()
        self.convolution, self.lengths = nn.Conv2d(1, 2, 1), lengths

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.shape[2:] != self.lengths:
            raise ValueError(f"{tuple(images.shape[2:])} is not {self.lengths}")
        return self.convolution(images)


def test_network_of_one_size_is_measured_at_it(monkeypatch) -> None:
    monkeypatch.setattr(Step, "build", lambda step: OneSize())
    need = memory.estimate(Step({"name": "one size"}, 1, 2, 1, (8, 8)))
    # 4 bytes each for 1 channel, 2 soft labels and at least the 2 probabilities of the logits; 8 for the hard label
    assert need.of_voxel >= 4 * (1 + 2 + 2) + 8
    assert need.fixed == 4 * 4 * (2 + 2)


def test_advice_without_an_estimate_still_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setattr(Step, "build", lambda step: OneSize((8, 16)))
    said = memory.advice(Step({"name": "one size"}, 1, 2, 4, (8, 16)), GIB)
    assert said == "batch 4 of 8 x 16 does not fit, 1.0 GiB are free: take a smaller batch or crop."


def test_estimate_leaves_the_random_numbers_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    memory.estimate(Step(COMPACT, 1, 2, 1, (8, 8, 8)))
    assert torch.equal(torch.rand(2), expected)


def test_crops_shrink_along_their_longest_axis() -> None:
    assert memory.smaller((64, 96, 96), 32) == [(64, 96, 64), (64, 64, 64), (64, 64, 32), (64, 32, 32), (32, 32, 32)]
    assert memory.smaller((32, 32), 32) == []


def test_need_is_fixed_and_by_voxel() -> None:
    need = Need(fixed=100, of_voxel=2, multiple=4)
    assert need.bytes(3, (4, 5)) == 100 + 2 * 3 * 20
    assert need.largest_batch((4, 5), 100 + 2 * 40 + 39) == 2  # a third image would need 40 more
    assert need.largest_batch((4, 5), 50) == 0
    assert need.largest_crop(1, (8, 12), 100 + 2 * 64) == (8, 8)
    assert need.largest_crop(1, (8, 12), 101) is None


@pytest.fixture
def a_byte_a_voxel(monkeypatch) -> Step:
    """A step of 4 GiB: a kilobyte a voxel, 4 of 2**20 voxels."""
    monkeypatch.setattr(memory, "estimate", lambda step, precision="fp32": Need(0, 1024, 32))
    return Step(COMPACT, 1, 2, 4, (64, 128, 128))


def test_advice_names_a_batch_and_a_crop(a_byte_a_voxel) -> None:
    # 0.85 of 3 GiB is 2.55: two images of 1 GiB; at batch 4 crops of 0.6375 GiB, 64 x 96 x 96 (0.5625)
    expected = (
        "batch 4 of 64 x 128 x 128 needs about 4.0 GiB, 3.0 GiB are free: batch 2, or a crop of 64 x 96 x 96 would fit."
    )
    assert memory.advice(a_byte_a_voxel, 3 * GIB) == expected


def test_advice_where_one_image_is_too_much(a_byte_a_voxel) -> None:
    # 0.85 of 0.1 GiB is 0.085 GiB: at batch 4 0.02125, below 32 x 32 x 32 (0.03125); at batch 1 32 x 32 x 64 (0.0625)
    assert memory.advice(a_byte_a_voxel, GIB / 10).endswith("0.10 GiB are free: batch 1 of 64 x 32 x 32 would fit.")


def test_advice_where_nothing_fits(a_byte_a_voxel) -> None:
    assert "no crop fits. Take a narrower network" in memory.advice(a_byte_a_voxel, 1000)


def test_advice_never_names_the_batch_that_failed(a_byte_a_voxel) -> None:
    assert "batch 3, or a crop of 64 x 128 x 96 would fit" in memory.advice(a_byte_a_voxel, 100 * GIB)


def test_crop_must_suit_the_network() -> None:
    with pytest.raises(InputError, match=r"crop 8 x 10 x 8 does not suit .* multiple of 4"):
        Step(COMPACT, 1, 2, 1, (8, 10, 8)).require_whole()


def test_limit_of_a_control_group_counts(tmp_path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    8000 kB\n")
    (tmp_path / "cgroup").write_text("0::/slurm/job_1/step_0\n")
    inner, outer = tmp_path / "fs/slurm/job_1/step_0", tmp_path / "fs/slurm/job_1"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("1000\n")
    files = (tmp_path / "meminfo", tmp_path / "cgroup", tmp_path / "fs")
    assert available_bytes(*files) == 8000 * 1024
    (outer / "memory.max").write_text("5000000\n")
    (outer / "memory.current").write_text("2000000\n")
    assert available_bytes(*files) == 3_000_000
    (tmp_path / "cgroup").unlink()
    assert available_bytes(*files) == 8000 * 1024
