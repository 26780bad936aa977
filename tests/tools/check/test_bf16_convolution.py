"""bf16 convolutions are held against fp32 number by number: a right build passes, one wrong number does not."""

import math

import pytest
import torch
from softbench.tools.check import convolution
from softbench.tools.check.convolution import Trial

CPU = torch.device("cpu")


def test_this_cpu_rounds_as_it_should() -> None:
    finding = convolution.check(CPU)
    assert finding.verdict == "ok"


@pytest.mark.parametrize("trial", convolution.SMALL)
def test_errors_are_those_of_one_rounding(trial) -> None:
    for what, share in convolution.shares(trial, CPU).items():
        assert 0 < share * convolution.bound(trial.terms[what]) < 2**-8  # |r| / (|r| + s) of it, so below


def test_allowed_is_eight_roundings_and_little_for_the_sum() -> None:
    assert convolution.bound(1) == pytest.approx(8 * 2**-8, rel=1e-3)
    assert convolution.bound(128 * 192 * 192) == pytest.approx(2**-5 + 80 * math.sqrt(4718592) / 2**23)
    assert convolution.bound(324**3) < 0.1  # a number from a wrong place is off by about 1


@pytest.mark.parametrize("trial", [Trial(3, 5, (7, 6, 5), batch=2), Trial(3, 5, (7, 4, 5), batch=2, transposed=True)])
def test_slabs_give_what_autograd_gives_of_the_whole(trial, monkeypatch) -> None:
    monkeypatch.setattr(convolution, "SLAB", 700)  # two layers a slab, so that seven layers end in a thinner one
    images, kernel, gradient = (part.float() for part in convolution.made(trial, CPU))
    expected = convolution._in_bf16(trial, images, kernel, gradient)  # of float32 numbers, so in float32
    found = list(convolution.slabs(images.detach(), kernel, gradient, transposed=trial.transposed, where=CPU))
    assert len(found) > 2
    whole = [torch.cat([slab.outcome for slab in found], 2), torch.cat([slab.images for slab in found], 2)]
    whole.append(torch.stack([slab.kernel for slab in found]).sum(0))
    for ours, reference in zip(whole, expected, strict=True):
        torch.testing.assert_close(ours, reference, atol=1e-4, rtol=1e-5)
    assert found[0].of_outcome.start == 0
    assert found[-1].of_outcome.stop == expected[0].shape[2]


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("wrong", ["neighbour", "nan", "half off"])
def test_a_few_wrong_numbers_fail(part, wrong, monkeypatch) -> None:
    right = convolution._in_bf16

    def one_wrong(trial, images, kernel, gradient):
        parts = [one.clone(memory_format=torch.contiguous_format) for one in right(trial, images, kernel, gradient)]
        last = parts[part][-1, -1, -1]
        if wrong == "neighbour":
            last.copy_(last.roll(1, 0).clone())
        else:
            last[-1, -1] = math.nan if wrong == "nan" else last[-1, -1] + 0.5 * last.float().std()
        return tuple(parts)

    monkeypatch.setattr(convolution, "_in_bf16", one_wrong)
    finding = convolution.check(CPU)
    assert finding.verdict == "failed"
    assert "set `precision: fp32`" in finding.detail


def test_products_behind_a_number_are_counted() -> None:
    plain, transposed = Trial(8, 12, (9, 11, 13), batch=2), Trial(8, 12, (9, 11, 13), batch=2, transposed=True)
    voxels = 2 * 9 * 11 * 13
    assert plain.terms == {"result": 27 * 8, "gradient of images": 27 * 12, "gradient of kernel": voxels}
    assert transposed.terms == {"result": 8, "gradient of images": 8 * 12, "gradient of kernel": voxels}
    assert plain.numbers == 12 * voxels
    assert transposed.numbers == 8 * 12 * voxels


def test_largest_trials_hold_more_numbers_than_32_bits_count() -> None:
    assert all(trial.numbers > 2**31 for trial in convolution.large(convolution.EDGES[0]))


def on_a_gpu_of(numbers: int, monkeypatch) -> None:
    """Let only trials of so many numbers fit, and let all be right."""
    monkeypatch.setattr(convolution, "_free_cache", lambda: None)

    def fits(trial, device):
        if trial.numbers > numbers:
            raise torch.OutOfMemoryError
        return {"result": 0.1}

    monkeypatch.setattr(convolution, "shares", fits)


def test_large_gpu_is_tried_beyond_32_bits(monkeypatch) -> None:
    on_a_gpu_of(2**40, monkeypatch)
    finding = convolution.check(torch.device("cuda"))
    assert finding.verdict == "ok"
    assert "2.2e+09 numbers, more than 32 bits count" in finding.detail


def test_smaller_gpu_is_tried_with_what_fits(monkeypatch) -> None:
    on_a_gpu_of(64 * 200**3, monkeypatch)
    finding = convolution.check(torch.device("cuda"))
    assert finding.verdict == "ok"
    assert "5.1e+08 numbers; larger ones do not fit" in finding.detail


def test_wrong_only_beyond_32_bits_fails(monkeypatch) -> None:
    monkeypatch.setattr(convolution, "shares", lambda trial, device: {"result": 0.1 + 9 * (trial.numbers > 2**31)})
    finding = convolution.check(torch.device("cuda"))
    assert finding.verdict == "failed"
    assert "1x8x324x324x324 to 64 channels" in finding.detail
