"""A whole batch is turned for the network, and its output turned back, as in the released code of SVLS."""

from collections import Counter
from itertools import permutations
from types import SimpleNamespace

import pytest
import torch
from softbench.losses import Target, build
from softbench.training import batch_turn, loop
from softbench.training.batch_turn import BatchTurn

STEPS = 600


def test_any_two_axes_are_exchanged_and_any_one_mirrored_in_half_of_the_batches() -> None:
    drawn = [batch_turn.draw(0.5, 3, 0, step) for step in range(STEPS)]
    turns = [turn for turn in drawn if turn is not None]
    assert len(turns) == pytest.approx(STEPS / 2, abs=50)  # four standard deviations
    seen = Counter((frozenset(turn.exchanged), turn.mirrored) for turn in turns)
    pairs = {frozenset(pair) for pair in permutations((-3, -2, -1), 2)}
    assert set(seen) == {(pair, axis) for pair in pairs for axis in (-3, -2, -1)}
    assert min(seen.values()) > STEPS / 2 / 9 / 2


def test_turn_is_a_function_of_seed_and_step() -> None:
    first, again, other = ([batch_turn.draw(0.5, 3, seed, step) for step in range(20)] for seed in (0, 0, 1))
    assert first == again != other


def test_no_share_turns_nothing() -> None:
    assert {batch_turn.draw(0.0, 2, 0, step) for step in range(20)} == {None}


def test_turn_is_that_of_the_released_code() -> None:
    """`x.transpose(2, 3).flip(4)` of a batch (B, C, D, H, W), and the reverse of it."""
    images = torch.arange(2 * 1 * 2 * 3 * 4).reshape(2, 1, 2, 3, 4)
    turn = BatchTurn((-3, -2), -1)
    assert torch.equal(turn.forth(images), images.transpose(2, 3).flip(4))
    for exchanged in permutations((-3, -2, -1), 2):
        for mirrored in (-3, -2, -1):
            turn = BatchTurn(exchanged, mirrored)
            assert torch.equal(turn.back(turn.forth(images)), images)


def test_output_is_turned_back_to_the_places_of_the_labels() -> None:
    """A network that copies its input has the same loss whether the batch is turned or not; it sees another shape."""
    images = torch.randn(2, 2, 4, 6, 8)
    hard = torch.randint(0, 2, (2, 4, 6, 8))
    soft = torch.nn.functional.one_hot(hard, 2).movedim(-1, 1).float()
    target = Target(soft, hard, torch.ones_like(hard, dtype=torch.bool))
    shapes, losses = [], []
    for turn in (None, BatchTurn((-3, -1), -2)):
        scale = torch.nn.Parameter(torch.ones(()))

        def copy(batch: torch.Tensor, scale: torch.nn.Parameter = scale) -> torch.Tensor:
            shapes.append(tuple(batch.shape[2:]))
            return batch * scale

        parts = SimpleNamespace(
            model=torch.nn.Identity(),
            criterion=build("ce"),
            optimiser=torch.optim.SGD([scale], lr=0.0),
            schedule=SimpleNamespace(step=lambda: None),
        )
        losses.append(loop._step(parts, copy, images, target, None, turn).item())
    assert shapes == [(4, 6, 8), (8, 6, 4)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
