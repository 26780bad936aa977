"""Validation cases whose logits are known, without any network."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
import torch
from softbench.datasets.case import Case
from softbench.training.posthoc.seen import Validation

CLASSES = ("background", "core", "rim")
Made = Callable[..., tuple[Validation, list[np.ndarray], list[np.ndarray]]]


def draw(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Labels (...) drawn from probabilities (C, ...)."""
    return (rng.random(probabilities.shape[1:]) > probabilities.cumsum(axis=0)[:-1]).sum(axis=0).astype(np.uint8)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


def validation_of(cases: Sequence[tuple[Case, np.ndarray]], classes: Sequence[str] = CLASSES) -> Validation:
    def stream() -> Iterator[tuple[Case, torch.Tensor]]:
        yield from ((case, torch.from_numpy(logits)) for case, logits in cases)

    return Validation(stream, [case.id for case, _ in cases], classes)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a job: several threads on a busy machine wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def made() -> Made:
    """A function that makes cases with logits of three classes, whose labels are drawn at true temperatures."""

    def make(
        temperatures: Sequence[float] = (1.0, 1.0, 1.0),
        *,
        shape: Sequence[int] = (60, 50),
        count: int = 2,
        raters: int = 1,
    ) -> tuple[Validation, list[np.ndarray], list[np.ndarray]]:
        rng = np.random.default_rng(0)
        cases = []
        for number in range(count):
            logits = (2 * rng.standard_normal((3, *shape))).astype(np.float32)
            log_q = np.log(softmax(logits.astype(np.float64)))
            true = softmax(log_q / np.reshape(temperatures, (3, *[1] * len(shape))))
            labels = np.stack([draw(true, rng) for _ in range(raters)])
            images = rng.standard_normal((1, *shape)).astype(np.float32)
            cases.append((Case(f"c{number}", images, labels, (1.0,) * len(shape), np.eye(4)), logits))
        return validation_of(cases), [logits for _, logits in cases], [case.labels for case, _ in cases]

    return make
