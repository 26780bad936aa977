"""The plateau rule: the rate is halved after so many of its epochs without a better validation DSC."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import InputError, store
from softbench.datasets.case import Case
from softbench.soft_labels import one_hot
from softbench.training import cached_data, loop
from softbench.training.protocol import Protocol

RULE = Protocol(
    steps=60,
    batch=2,
    patch_size=[8, 8, 8],
    learning_rate=0.01,
    schedule="halve_on_plateau",
    patience=2,
    validate_every=10,
)


def case_of(number: int) -> Case:
    labels = np.zeros((1, 8, 8, 8), np.uint8)
    labels[:, 2:5, 2:5, 2:5] = 1
    images = labels + np.random.default_rng(number).normal(0, 0.2, labels.shape)
    return Case(f"case_{number}", images.astype(np.float32), labels, (1.0,) * 3, np.eye(4))


def rates_of(folder: Path, protocol: Protocol, dsc: list[float], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the learning rate of each step that led to a validation; the validations find these DSC."""
    found = iter(dsc)
    monkeypatch.setattr(loop, "validate", lambda *_: {"val_dsc": next(found), "val_nll": 0.0})
    cases = [case_of(n) for n in range(3)]
    codes = [store.encode(one_hot.soften(case.labels, None, case.spacing_mm, classes=2)) for case in cases]
    targets = [(code[None], case.labels) for code, case in zip(codes, cases, strict=True)]
    data = cached_data.load(cases, targets, protocol.patch_size, torch.device("cpu"))
    _, history = loop.train(
        data, cases[:1], network={"name": "compact_unet", "widths": [4, 8]}, loss="ce", protocol=protocol, classes=2,
        seed=0, folder=folder, key="key", log=lambda line: None,
    )  # fmt: skip
    return [row["learning_rate"] for row in history if "val_dsc" in row]


def test_rate_is_halved_after_as_many_epochs_as_the_patience_says(tmp_path, monkeypatch) -> None:
    # the best, 0.6, is found second; the third and fourth are no better: the fifth has half the rate
    found = rates_of(tmp_path, RULE, [0.5, 0.6, 0.6, 0.6, 0.7, 0.7], monkeypatch)
    assert found == [0.01, 0.01, 0.01, 0.01, 0.005, 0.005]


def test_rule_looks_at_the_end_of_its_own_epochs_alone(tmp_path, monkeypatch) -> None:
    # epochs of 20 steps end with the second, fourth and sixth validation: 0.6, 0.5, 0.4; patience 1 halves at the 4th
    protocol = replace(RULE, plateau_epoch_steps=20, patience=1)
    found = rates_of(tmp_path, protocol, [0.1, 0.6, 0.9, 0.5, 0.3, 0.4], monkeypatch)
    assert found == [0.01, 0.01, 0.01, 0.01, 0.005, 0.005]


def test_validation_comes_at_the_end_of_each_epoch_of_the_rule(tmp_path, monkeypatch) -> None:
    protocol = replace(RULE, validate_every=None, plateau_epoch_steps=30)
    assert len(rates_of(tmp_path, protocol, [0.5, 0.6], monkeypatch)) == 2
    # an epoch of the protocol, two steps for three cases, is another thing
    in_epochs = replace(protocol, steps=None, epochs=30).for_cases(3)
    assert (in_epochs.steps, in_epochs.validate_every) == (60, 30)


def test_twenty_epochs_of_250_steps_are_5000() -> None:
    protocol = replace(RULE, steps=25_000, validate_every=None, plateau_epoch_steps=250, patience=20).for_cases(4)
    assert protocol.validate_every * protocol.patience == 5000


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"plateau_epoch_steps": 15}, "must be a multiple of `validate_every`, 10, but is 15"),
        ({"plateau_epoch_steps": 0}, "but is 0"),
        (
            {"plateau_epoch_steps": 20, "schedule": "constant"},
            "the schedule is 'constant', which looks at no",
        ),
        ({"patience": 0}, "`patience` must be at least 1"),
        ({"precision": "fp16"}, "`precision` must be one of auto, fp32, bf16, but is 'fp16'"),
    ],
)
def test_setting_that_cannot_be_is_refused(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(RULE, **wrong)
