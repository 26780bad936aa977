"""Training is a function of (data, settings, seed): killed and resumed, or run twice, it gives the same weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import store
from softbench.datasets.case import Case
from softbench.errors import DivergedError, InputError, TimeLimitError
from softbench.soft_labels import one_hot, svls
from softbench.training import batches, cached_data, loop, parts
from softbench.training.inference import (
    View,
    hash_weights,
    logits,
    make_view,
    predict,
    stream_logits,
    stream_probabilities,
)
from softbench.training.loop import class_dice, validate
from softbench.training.protocol import Protocol

PROTOCOL = Protocol(
    steps=60, batch=2, patch_size=[8, 8, 8], learning_rate=0.01, flips=["W"], intensity_scale=0.1, intensity_shift=0.1,
    validate_every=20,
)  # fmt: skip
NETWORK = {"name": "compact_unet", "widths": [4, 8]}
CPU = torch.device("cpu")


def make_case(number: int, shape: tuple[int, ...] = (9, 10, 7)) -> Case:
    rng = np.random.default_rng(number)
    labels = np.zeros((1, *shape), np.uint8)
    start = rng.integers(1, 3, len(shape))
    labels[(0, *(slice(s, s + 4) for s in start))] = 1
    images = (labels + 0.2 * rng.normal(size=labels.shape)).astype(np.float32)
    return Case(f"case_{number}", images, labels, (1.0,) * len(shape), np.eye(len(shape) + 1))


def load(cases: list[Case], recipe=one_hot, crop: list[int] = PROTOCOL.patch_size) -> cached_data.CachedData:
    codes = [store.encode(recipe.soften(c.labels, None, c.spacing_mm, classes=2)) for c in cases]
    return cached_data.load(cases, [(c[None], case.labels) for c, case in zip(codes, cases, strict=True)], crop, CPU)


def train(folder: Path, *, seed: int = 0, protocol: Protocol = PROTOCOL, data=None, cases=None, deadline=None):
    cases = cases or [make_case(n) for n in range(5)]
    return loop.train(
        load(cases, crop=protocol.patch_size) if data is None else data,
        cases[:1],
        network=NETWORK,
        loss="ce",
        protocol=protocol,
        classes=2,
        seed=seed,
        folder=folder,
        key="key",
        deadline=deadline,
        log=lambda line: None,
    )


def without_times(history: list[dict[str, float]]) -> list[dict[str, float]]:
    assert all(row["step_s"] > 0 for row in history)
    return [{name: value for name, value in row.items() if name != "step_s"} for row in history]


def test_training_learns(tmp_path: Path) -> None:
    _, history = train(tmp_path)
    assert [row["step"] for row in history] == [20, 40, 60]
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert history[-1]["val_dsc"] > 0.9


def test_two_runs_are_identical_and_two_seeds_are_not(tmp_path: Path) -> None:
    first, second, other = (train(tmp_path / n, seed=s)[0] for n, s in (("a", 0), ("b", 0), ("c", 1)))
    assert hash_weights(first) == hash_weights(second)
    assert hash_weights(first) != hash_weights(other)


@pytest.mark.parametrize("killed_at", [21, 45, 59])
def test_killed_and_resumed_run_ends_with_the_weights_of_the_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    whole, whole_history = train(tmp_path / "whole")
    monkeypatch.setattr(loop, "CHECKPOINT_S", 0.0)
    draw = loop.draw_batch

    def batch_until_killed(data, protocol, seed, step, into):
        if step == killed_at:
            raise KeyboardInterrupt
        return draw(data, protocol, seed, step, into)

    monkeypatch.setattr(loop, "draw_batch", batch_until_killed)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed")
    monkeypatch.setattr(loop, "draw_batch", draw)
    assert parts.load_checkpoint(tmp_path / "killed", "key", CPU)[0]["step"] == 20 * (killed_at // 20)
    resumed, history = train(tmp_path / "killed")
    assert hash_weights(resumed) == hash_weights(whole)
    assert without_times(history) == without_times(whole_history)


def test_checkpoint_of_another_key_is_not_used(tmp_path: Path) -> None:
    parts.save_checkpoint(tmp_path, "old", {"step": 40})
    state, sentence = parts.load_checkpoint(tmp_path, "new", CPU)
    assert state is None
    assert "another setting" in sentence


def test_damaged_checkpoint_is_said_and_not_used(tmp_path: Path) -> None:
    parts.save_checkpoint(tmp_path, "key", {"step": 40})
    (tmp_path / parts.CHECKPOINT).write_bytes(b"half")
    state, sentence = parts.load_checkpoint(tmp_path, "key", CPU)
    assert state is None
    assert "cannot be read" in sentence


def test_loss_that_is_not_finite_names_step_and_cases(tmp_path: Path) -> None:
    cases = [make_case(n) for n in range(5)]
    data = load(cases)
    data.images[3] = float("inf")
    step = next(s for s in range(60) if 3 in batches.draw_cases(0, s, 2, 5))
    with pytest.raises(DivergedError, match=rf"at step {step} .*case_3"):
        train(tmp_path, data=data)


def test_too_little_memory_says_what_would_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.\nMore advice of torch.")

    monkeypatch.setattr(loop, "_step", run_out)
    with pytest.raises(
        InputError, match=r"batch 2 of 8 x 8 x 8 needs about .* GiB.*`patch_size` of the protocol.*20\.00 GiB"
    ):
        train(tmp_path)


def test_all_methods_of_a_seed_see_the_same_crops() -> None:
    cases = [make_case(n) for n in range(5)]
    sharp, smooth = load(cases), load(cases, svls)
    for step in range(5):
        (images, target), (others, other) = (batches.draw_batch(d, PROTOCOL, 7, step) for d in (sharp, smooth))
        assert torch.equal(images, others)
        assert torch.equal(target.hard, other.hard)
        assert not torch.equal(target.soft, other.soft)


def test_each_case_is_seen_once_an_epoch() -> None:
    seen = [n for step in range(5) for n in batches.draw_cases(3, step, 2, 5)]
    assert sorted(seen[:5]) == sorted(seen[5:]) == [0, 1, 2, 3, 4]
    assert seen[:5] != seen[5:]


def test_flips_move_image_and_target_together() -> None:
    data = load([make_case(n) for n in range(5)])
    protocol = replace(PROTOCOL, intensity_scale=0.0, intensity_shift=0.0)
    for step in range(10):
        images, target = batches.draw_batch(data, protocol, 0, step)
        inside = target.valid
        assert ((images[:, 0] > 0.5)[inside] == target.hard.bool()[inside]).float().mean() > 0.95
        assert torch.equal(target.soft.argmax(dim=1), target.hard)


def test_padding_is_background_and_not_valid() -> None:
    data = load([make_case(0, (5, 6, 7))], crop=[8, 8, 8])
    _, target = batches.draw_batch(data, replace(PROTOCOL, batch=1, flips=[]), 0, 0)
    assert int(target.valid.sum()) == 5 * 6 * 7
    assert (target.soft[0, 0][~target.valid[0]] == 1).all()
    assert (target.soft.sum(dim=1) == 1).all()


def test_crops_stay_inside_the_case() -> None:
    case = make_case(0, (20, 9, 30))
    data = load([case, make_case(1, (24, 24, 40))])
    for step in range(30):
        _, target = batches.draw_batch(data, PROTOCOL, 0, step)
        assert target.valid.all()


def test_prior_bias_predicts_the_class_frequencies() -> None:
    cases = [make_case(n) for n in range(3)]
    share = np.mean([case.labels.mean() for case in cases])
    np.testing.assert_allclose(cached_data.class_frequencies(load(cases), 2), [1 - share, share], atol=1e-12)
    model = parts.fresh_network(load(cases), NETWORK, PROTOCOL, 2, 0)
    np.testing.assert_allclose(torch.softmax(model.head.bias, 0).detach(), [1 - share, share], atol=1e-6)


def test_two_dimensional_cases_train_too(tmp_path: Path) -> None:
    cases = [make_case(n, (12, 11)) for n in range(4)]
    model, history = train(tmp_path, cases=cases, protocol=replace(PROTOCOL, patch_size=[8, 8], steps=20))
    assert history[-1]["step"] == 20
    assert predict([model], cases[0].images).shape == (2, 12, 11)


def test_ensemble_is_the_mean_of_its_members(tmp_path: Path) -> None:
    models = [train(tmp_path / str(seed), seed=seed, protocol=replace(PROTOCOL, steps=20))[0] for seed in (0, 1)]
    image = make_case(9, (7, 9, 11)).images
    one, two = (predict([model], image) for model in models)
    np.testing.assert_allclose(predict(models, image), (one + two) / 2, atol=1e-6)
    np.testing.assert_allclose(predict(models, image).sum(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize("flips", [(), (-1,)])
def test_small_cases_are_seen_two_by_two_as_each_alone(tmp_path: Path, flips: tuple[int, ...]) -> None:
    model, _ = train(tmp_path, protocol=replace(PROTOCOL, steps=5))
    cases = [make_case(n) for n in range(3)] + [make_case(n, (8, 8, 8)) for n in range(2)]
    view, seen = View(tta_flips=flips), []
    handle = model.register_forward_hook(lambda _, images, __: seen.append(len(images[0])))
    streamed = list(stream_logits(model, cases, view))
    handle.remove()
    assert seen == [2] * (3 * 2 ** len(flips))  # two cases, one as a pair of twins, two cases
    for (case, found), expected in zip(streamed, cases, strict=True):
        assert case is expected
        torch.testing.assert_close(found, logits(model, case.images, view), rtol=1e-5, atol=1e-6)
    for case, mean in stream_probabilities([model, model], cases, view):
        np.testing.assert_allclose(mean, predict([model, model], case.images, view=view), atol=1e-6)


def test_a_large_temperature_knows_nothing(tmp_path: Path) -> None:
    model, _ = train(tmp_path, protocol=replace(PROTOCOL, steps=20))
    np.testing.assert_allclose(predict([model], make_case(0).images, temperature=1e6), 0.5, atol=1e-3)


def test_validation_dice_is_two_overlaps_by_both_sizes() -> None:
    label = torch.tensor([0, 1, 1, 1, 2])
    prediction = torch.tensor([0, 1, 1, 0, 0])
    assert class_dice(prediction, label, 4) == pytest.approx([2 * 2 / 5, 0.0])  # class 3 is nowhere


def test_validation_looks_at_every_case(tmp_path: Path) -> None:
    model, _ = train(tmp_path, protocol=replace(PROTOCOL, steps=20))
    one, two = (validate(model, [make_case(n)])["val_nll"] for n in (0, 1))
    assert validate(model, [make_case(0), make_case(1)])["val_nll"] == pytest.approx((one + two) / 2)


def test_validation_looks_at_every_rater(tmp_path: Path) -> None:
    """Selection by the first rater alone would favour the methods that learn from that rater."""
    model, _ = train(tmp_path, protocol=replace(PROTOCOL, steps=20))
    case = make_case(0)
    second = np.roll(case.labels, 1, axis=1)
    both = validate(model, [replace(case, labels=np.concatenate([case.labels, second]))])
    alone = [validate(model, [replace(case, labels=labels)]) for labels in (case.labels, second)]
    for name in ("val_dsc", "val_nll"):
        assert alone[0][name] != alone[1][name]
        assert both[name] == pytest.approx((alone[0][name] + alone[1][name]) / 2)


def test_deadline_stops_with_a_checkpoint_and_the_next_attempt_ends_the_same(tmp_path: Path) -> None:
    whole, _ = train(tmp_path / "whole")
    with pytest.raises(TimeLimitError, match="time limit at step 20 of 60, continued at the next attempt"):
        train(tmp_path / "late", deadline=0.0)
    resumed, _ = train(tmp_path / "late")
    assert hash_weights(resumed) == hash_weights(whole)


def test_best_validation_is_selected_and_survives_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    protocol = replace(PROTOCOL, select="best", learning_rate=0.1)
    scores = iter([0.2, 0.9, 0.5])
    monkeypatch.setattr(loop, "validate", lambda *_: {"val_dsc": next(scores), "val_nll": 0.0})
    best, history = train(tmp_path / "whole", protocol=protocol)
    assert [row["val_dsc"] for row in history] == [0.2, 0.9, 0.5]
    scores = iter([0.2, 0.9])
    monkeypatch.setattr(loop, "validate", lambda *_: {"val_dsc": next(scores), "val_nll": 0.0})
    monkeypatch.setattr(loop, "CHECKPOINT_S", 0.0)
    draw = loop.draw_batch

    def batch_until_killed(data, protocol, seed, step, into):
        if step == 45:
            raise KeyboardInterrupt
        return draw(data, protocol, seed, step, into)

    monkeypatch.setattr(loop, "draw_batch", batch_until_killed)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "killed", protocol=protocol)
    monkeypatch.setattr(loop, "draw_batch", draw)
    scores = iter([0.5])
    resumed, _ = train(tmp_path / "killed", protocol=protocol)
    assert hash_weights(resumed) == hash_weights(best)


def test_an_epoch_is_all_cases_once(tmp_path: Path) -> None:
    protocol = replace(PROTOCOL, steps=None, epochs=4, validate_every=None)
    _, history = train(tmp_path, protocol=protocol)
    assert [row["step"] for row in history] == [3, 6, 9, 12]  # 5 cases fill three batches of two


def test_windows_of_one_size_with_the_image_are_the_image(tmp_path: Path) -> None:
    case = make_case(0, (8, 8, 8))
    model, _ = train(tmp_path, cases=[make_case(n) for n in range(5)])
    whole = predict([model], case.images)
    np.testing.assert_allclose(predict([model], case.images, view=View((8, 8, 8))), whole, atol=1e-6)


def test_flipped_inference_is_the_mean_over_all_flipped_images(tmp_path: Path) -> None:
    model, _ = train(tmp_path, protocol=replace(PROTOCOL, steps=20))
    image = make_case(1, (8, 8, 8)).images
    view = make_view(replace(PROTOCOL, tta_flips=["H", "W"]))
    assert view == View(None, 0.5, (-2, -1))
    ways = [(), (-2,), (-1,), (-2, -1)]
    each = [logits(model, np.flip(image, way).copy()).flip(way) for way in ways]
    found = logits(model, image, view)
    torch.testing.assert_close(found, torch.stack(each).mean(dim=0), atol=1e-6, rtol=0)
    assert float((found - each[0]).abs().max()) > 1e-3
    torch.testing.assert_close(logits(model, np.flip(image, -1), view), found.flip(-1), atol=1e-5, rtol=0)


def test_windows_cover_images_of_any_size_and_give_probabilities(tmp_path: Path) -> None:
    model, _ = train(tmp_path, cases=[make_case(n) for n in range(5)])
    for shape in ((5, 20, 9), (16, 8, 8)):  # smaller and larger than the window
        case = make_case(1, shape)
        found = predict([model], case.images, view=View((8, 8, 8), 0.25))
        assert found.shape == (2, *shape)
        np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-5)
        assert (
            class_dice(torch.from_numpy(found.argmax(0)), torch.from_numpy(case.labels[0].astype("int64")), 2)[0] > 0.6
        )


def test_time_limit_leaves_a_minute_or_a_twentieth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop.time, "monotonic", lambda: 1000.0)
    assert loop.deadline_after(None) is None
    assert loop.deadline_after(10) == 1000 + 600 - 60
    assert loop.deadline_after(1440) == 1000 + 0.95 * 86400


def test_dropout_is_a_function_of_seed_and_step(tmp_path: Path) -> None:
    network = {"name": "monai", "network": "UNet", "channels": [4, 8], "strides": [2], "dropout": 0.3}
    cases = [make_case(n, (8, 8, 8)) for n in range(5)]
    settings = {
        "network": network, "loss": "ce", "protocol": replace(PROTOCOL, steps=20), "classes": 2, "seed": 0,
        "key": "key", "log": lambda line: None,
    }  # fmt: skip
    first, second = (loop.train(load(cases), cases[:1], folder=tmp_path / name, **settings)[0] for name in "ab")
    assert hash_weights(first) == hash_weights(second)
