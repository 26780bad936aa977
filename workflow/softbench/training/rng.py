"""Random numbers as a function of (seed, purpose, counter): nothing to save, the same for every method of a seed."""

import numpy as np

VERSION = 1
PURPOSES = {"weights": 0, "order": 1, "augment": 2, "rater": 3, "dropout": 4}


def generator(seed: int, purpose: str, counter: int = 0) -> np.random.Generator:
    """Return a fresh generator for one purpose of a run, e.g. the augmentation of step `counter`."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, PURPOSES[purpose], counter])))


def weights_seed(seed: int) -> int:
    """Return the number that torch's generator is seeded with before the weights of a run are drawn."""
    return int(generator(seed, "weights").integers(2**62))


def dropout_seed(seed: int, step: int) -> int:
    """Return the number that torch's generator is seeded with before a step, for networks with dropout."""
    return int(generator(seed, "dropout", step).integers(2**62))


def cases_of_step(seed: int, step: int, batch: int, cases: int) -> list[int]:
    """Return which of `cases` training cases make up the batch of a step: each once an epoch, in a new order."""
    positions = range(step * batch, (step + 1) * batch)
    orders = {epoch: generator(seed, "order", epoch).permutation(cases) for epoch in {p // cases for p in positions}}
    return [int(orders[p // cases][p % cases]) for p in positions]


def raters_of_step(seed: int, step: int, batch: int, raters: int) -> list[int]:
    """Return which rater each image of a step's batch is learned from; always the first where there is one."""
    return [int(n) for n in generator(seed, "rater", step).integers(raters, size=batch)]
