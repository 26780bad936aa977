"""A protocol's length in steps, whatever it counts in, and what a reader is told of it."""

import dataclasses

import pytest
from softbench import length
from softbench.length import Length
from softbench.training.protocol import Protocol

EPOCHS = {"epochs": 200, "batch": 2, "patch_size": [8, 8], "learning_rate": 0.1}
PLATEAU = {"steps": 25_000, "batch": 2, "schedule": "halve_on_plateau", "patience": 20, "plateau_epoch_steps": 250}


def test_steps_of_epochs_are_those_that_training_takes() -> None:
    for cases in (1, 4, 269):
        assert length.of(EPOCHS, cases).steps == Protocol(**EPOCHS).for_cases(cases).steps
    assert length.of(EPOCHS, 269).steps == 27_000  # 134 whole batches and one of a single case, 200 times


def test_protocol_in_steps_needs_no_cases() -> None:
    assert length.of(PLATEAU, None) == Length(2, None, 25_000, None, 250, 20)


def test_epochs_without_a_split_have_no_steps() -> None:
    assert length.of(EPOCHS, None).steps is None
    assert length.words(length.of(EPOCHS, None)) == "batch 2, 200 epochs: as many steps as the data decides"


@pytest.mark.parametrize(
    ("protocol", "cases", "said"),
    [
        (EPOCHS, 269, "269 training cases, batch 2, 200 epochs: 27,000 steps"),
        (EPOCHS | {"epochs": 1}, 1, "1 training case, batch 2, 1 epoch: 1 step"),
        (
            PLATEAU,
            4,
            "4 training cases, batch 2: 25,000 steps (100 epochs of 250); the rate is halved after 20 epochs of 250 "
            "steps, 5,000 in all, without a better validation DSC",
        ),
        (EPOCHS | {"plateau_epoch_steps": 4, "patience": 2}, 6, "batch 2, 200 epochs: 600 steps; the rate is halved"),
    ],
)
def test_length_is_said_in_steps_beside_epochs(protocol: dict, cases: int, said: str) -> None:
    assert said in length.words(length.of(protocol, cases))


def test_patience_is_said_only_of_a_rule_with_an_epoch_of_its_own() -> None:
    constant = length.of(EPOCHS | {"patience": 20}, 4)
    assert dataclasses.astuple(constant)[-2:] == (None, None)
