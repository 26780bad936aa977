"""Calibrations against direct optimisation, sklearn, and labels drawn at known temperatures."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression
from softbench import InputError
from softbench.training.posthoc.asked import CALIBRATIONS
from softbench.training.posthoc.calibrations import class_temperature, isotonic, local_temperature, raw, temperature
from softbench.training.posthoc.seen import Validation, mean_nll
from softbench.training.temperature_scaling import fit as fit_one

from tests.training.posthoc.conftest import Made, softmax, validation_of

ROOM = {module.__name__.rpartition(".")[2]: module for module in (
    raw, temperature, class_temperature, local_temperature, isotonic
)}  # fmt: skip


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Few steps of the local network, where it is not what is tested."""
    if "sees" not in request.node.name:
        monkeypatch.setattr(local_temperature, "STEPS", 4)


@pytest.mark.parametrize("name", CALIBRATIONS)
@pytest.mark.parametrize("shape", [(20, 16), (8, 10, 12)])
def test_calibrated_probabilities_are_a_distribution_whatever_is_added_to_all_logits(name, shape, made: Made) -> None:
    validation, (logits, _), _ = made((1, 2, 3), shape=shape)
    calibration, image = ROOM[name].fit(validation), np.zeros((1, *shape), np.float32)
    found = calibration.apply(torch.from_numpy(logits), image)
    assert (found.dtype, found.shape) == (torch.float32, logits.shape)
    assert float(found.min()) >= 0
    np.testing.assert_allclose(found.sum(dim=0), 1, atol=1e-5)
    moved = calibration.apply(torch.from_numpy(logits) + 3, image)
    np.testing.assert_allclose(found, moved, atol=1e-4)


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_same_validation_cases_give_the_same_calibration(name, made: Made) -> None:
    twice = [ROOM[name].fit(made((1, 2, 3))[0]) for _ in range(2)]
    validation, (logits, _), _ = made()
    image = next(iter(validation)).case.images
    first, second = (one.apply(torch.from_numpy(logits), image) for one in twice)
    assert torch.equal(first, second)
    assert twice[0].facts == twice[1].facts


def test_temperature_is_that_of_the_scores_of_a_run(made: Made) -> None:
    validation, logits, labels = made((2, 2, 2), raters=2)
    flat = [(torch.from_numpy(z).reshape(3, -1), y.reshape(len(y), -1)) for z, y in zip(logits, labels, strict=True)]
    expected = fit_one(lambda: flat)
    found = temperature.fit(validation)
    assert found.facts["temperature"] == expected.temperature
    np.testing.assert_allclose(
        found.apply(torch.from_numpy(logits[0]), np.empty(0)), softmax(logits[0] / expected.temperature), atol=1e-6
    )


def test_class_temperatures_are_where_a_direct_search_ends(made: Made) -> None:
    validation, logits, labels = made((0.6, 1.5, 3.0), raters=2)

    def nll(beta: np.ndarray) -> float:
        total = 0.0
        for z, of_raters in zip(logits, labels, strict=True):
            scaled = np.log(softmax(z.astype(np.float64))) * beta[:, None, None]
            log_p = np.log(softmax(scaled))
            total -= sum(np.take_along_axis(log_p, y[None].astype(int), axis=0).sum() for y in of_raters)
        return total / 1e4

    searched = minimize(
        nll, [1.0, 1.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000}
    )
    found = class_temperature.fit(validation).facts["temperatures"]
    beta = np.array([1 / found[name] for name in validation.classes])
    np.testing.assert_allclose(beta, searched.x, atol=1e-6)
    np.testing.assert_allclose(1 / beta, [0.6, 1.5, 3.0], rtol=0.12)  # 12,000 labels


def test_class_that_no_validation_case_has_keeps_the_one_temperature(made: Made) -> None:
    validation, logits, labels = made((2, 2, 2))
    cases = [(seen.case, z) for seen, z in zip(validation, logits, strict=True)]
    without = [(replace(case, labels=np.minimum(case.labels, 1)), z) for case, z in cases]
    seen = validation_of(without)
    fitted = class_temperature.fit(seen)
    assert fitted.facts["not_fitted"] == ["rim"] == seen.absent
    assert fitted.facts["temperatures"]["rim"] == pytest.approx(seen.temperature.temperature)
    assert max(y.max() for y in labels) == 2


def test_isotonic_is_that_of_sklearn(made: Made) -> None:
    validation, logits, labels = made((3, 3, 3), raters=3)
    p = np.concatenate([np.sort(softmax_float32(z).reshape(3, -1), axis=0) for z in logits], axis=1)
    best = np.concatenate([z.argmax(axis=0).ravel() for z in logits])
    right = np.concatenate([y.reshape(3, -1) for y in labels], axis=1) == best
    margins = (p[2] - p[1]).astype(np.float64)
    model = IsotonicRegression(out_of_bounds="clip").fit(np.tile(margins, 3), right.ravel().astype(float))
    fitted = isotonic.fit(validation)
    found = fitted.apply(torch.from_numpy(logits[0]), np.empty(0)).reshape(3, -1).numpy()
    edge = 1 / (2 * right.size)
    expected = np.clip(model.predict(margins[: found.shape[1]]), edge, 1 - edge)
    np.testing.assert_allclose(found[best[: found.shape[1]], np.arange(found.shape[1])], expected, atol=1e-6)
    new = torch.from_numpy(np.random.default_rng(1).standard_normal((3, 9, 9)).astype(np.float32))  # between the knots
    top, second = np.sort(torch.softmax(new, dim=0).numpy(), axis=0)[[2, 1]]
    between = np.clip(model.predict((top - second).ravel().astype(np.float64)), edge, 1 - edge)
    at_best = fitted.apply(new, np.empty(0)).gather(0, new.argmax(dim=0, keepdim=True)).numpy().ravel()
    np.testing.assert_allclose(at_best, between, atol=1e-6)


def softmax_float32(logits: np.ndarray) -> np.ndarray:
    return torch.softmax(torch.from_numpy(logits), dim=0).numpy()


def test_isotonic_by_hand_pools_what_falls_and_keeps_the_ratio_of_the_others() -> None:
    p = np.array([[0.4, 0.5, 0.6, 0.7], [0.35, 0.3, 0.2, 0.2], [0.25, 0.2, 0.2, 0.1]], np.float32)[:, None]
    labels = np.array([[1, 0, 1, 0]], np.uint8)[None]  # right: no, yes, no, yes, at leads of .05, .2, .4, .5
    case = made_case(labels)
    calibration = isotonic.fit(validation_of([(case, np.log(p))]))
    found = calibration.apply(torch.from_numpy(np.log(p)), np.empty(0))
    # 0, 1, 0, 1 rising: 0, then the mean of 1 and 0, then 1; held within [1/8, 7/8] by four labels
    np.testing.assert_allclose(found[0, 0], [1 / 8, 0.5, 0.5, 7 / 8], atol=1e-6)
    np.testing.assert_allclose(found[1, 0] / found[2, 0], [0.35 / 0.25, 1.5, 1.0, 2.0], rtol=1e-5)


def test_isotonic_shares_the_rest_evenly_where_the_others_have_nothing() -> None:
    sure = torch.tensor([1.0, 0.0, 0.0]).reshape(3, 1)
    found = isotonic.replace_top(sure, torch.tensor([0]), torch.tensor([0.9]))
    np.testing.assert_allclose(found[:, 0], [0.9, 0.05, 0.05], atol=1e-7)


def made_case(labels: np.ndarray, valid: np.ndarray | None = None):
    from softbench.datasets.case import Case

    images = np.zeros((1, *labels.shape[1:]), np.float32)
    return Case("c", images, labels, (1.0,) * (labels.ndim - 1), np.eye(4), valid=valid)


def test_local_temperature_sees_where_the_network_is_too_sure() -> None:
    rng = np.random.default_rng(0)
    shape, cases = (32, 32), []
    for number in range(8):
        logits = (2 * rng.standard_normal((3, *shape))).astype(np.float32)
        bright = np.zeros(shape, bool)
        bright[:, 16:] = True
        true = softmax(logits / np.where(bright, 5.0, 1.0))
        labels = (rng.random(shape) > true.cumsum(axis=0)[:2]).sum(axis=0).astype(np.uint8)
        case = replace(made_case(labels[None]), id=f"c{number}", images=bright[None].astype(np.float32))
        cases.append((case, logits))
    validation = validation_of(cases)
    fitted = local_temperature.fit(validation)
    assert fitted.facts["kept"]
    perfect = np.mean([entropy_of(z, case.images[0] > 0) for case, z in cases])
    one = mean_nll(validation, temperature.fit(validation))
    assert mean_nll(validation, fitted) < perfect + 0.2 * (one - perfect)  # four fifths of what there is to win
    probabilities = fitted.apply(torch.from_numpy(cases[0][1]), cases[0][0].images)
    assert torch.equal(probabilities.argmax(dim=0), torch.from_numpy(cases[0][1]).argmax(dim=0))


def entropy_of(logits: np.ndarray, bright: np.ndarray) -> float:
    true = softmax(logits / np.where(bright, 5.0, 1.0)).astype(np.float64)
    return float(-(true * np.log(true)).sum(axis=0).mean())


def test_local_temperature_that_helps_nobody_is_the_one_temperature(made: Made, monkeypatch) -> None:
    monkeypatch.setattr(local_temperature, "STEPS", 1)
    monkeypatch.setattr(local_temperature, "mean_nll", lambda validation, calibration: 1.0)  # as good, not better
    validation, (logits, _), _ = made()
    fitted, one = local_temperature.fit(validation), temperature.fit(validation)
    image = next(iter(validation)).case.images
    assert fitted.facts["kept"] is False
    assert torch.equal(fitted.apply(torch.from_numpy(logits), image), one.apply(torch.from_numpy(logits), image))


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_voxels_that_are_not_valid_decide_nothing(name, made: Made) -> None:
    validation, logits, _ = made((2, 1, 1))
    valid = np.ones((60, 50), bool)
    valid[40:] = False
    cases = [(replace(s.case, valid=valid), z) for s, z in zip(validation, logits, strict=True)]
    wrong = [(replace(case, labels=np.where(valid, case.labels, 2).astype(np.uint8)), z) for case, z in cases]
    first, second = (ROOM[name].fit(validation_of(some)) for some in (cases, wrong))
    assert first.facts == second.facts


def test_no_validation_case_is_said_before_anything_is_computed() -> None:
    with pytest.raises(InputError, match=r"the split has no validation cases.*Give it some \(part `val`\)"):
        Validation(lambda: iter(()), [], ["background"])


def test_logits_are_streamed_once_where_they_are_small(made: Made) -> None:
    validation, _, _ = made()
    looks = []
    stream = validation._stream

    def counted():
        looks.append(1)
        return stream()

    validation._stream = counted
    for module in (temperature, class_temperature, isotonic):
        module.fit(validation)
    assert len(looks) == 1
    assert math.isfinite(mean_nll(validation, raw.fit(validation)))
