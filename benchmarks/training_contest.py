"""Ours, the SVLS authors' loop and MONAI's recipe take turns on the same work; what they cost, round by round."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from typing import Protocol as Interface

import torch
from softbench.datasets.folder import Dataset
from training_peers import MonaiRecipe, SvlsLoop
from training_suite import Suite
from training_work import Cost, Work, read_clock, seconds_between


class Contestant(Interface):
    """A way to train; making one is the part of start-up that all steps need."""

    name: str

    def run(self, steps: int, warm_up: int) -> Cost:
        """Train a new network for both numbers of steps; return what it costs."""


@dataclass
class Result:
    """What a contestant cost: seconds to make it, and the cost of each round."""

    made_s: float
    rounds: list[Cost] = field(default_factory=list)

    @property
    def step_s(self) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.of_rounds)

    @property
    def of_rounds(self) -> list[float]:
        """Return the seconds a step of each round."""
        return [cost.step_s for cost in self.rounds]

    @property
    def start_s(self) -> float:
        """Return what happens once before the first step of a model."""
        return self.made_s + statistics.median(cost.start_s for cost in self.rounds)


def take_turns(
    work: Work, dataset: Dataset, *, steps: int, warm_up: int, rounds: int, go_on: Callable[[], bool] = lambda: True
) -> dict[str, Result]:
    """Let the contestants take turns.

    Args: go_on: asked before each round but the first; false ends the contest.
    """
    results: dict[str, Result] = {}
    makers: list[Callable[[], Contestant]] = [
        lambda: Suite(work, dataset), lambda: SvlsLoop(work), lambda: MonaiRecipe(work),
    ]  # fmt: skip
    contestants: list[Contestant] = []
    for make in makers:
        start = read_clock(work.device)
        contestants.append(make())
        results[contestants[-1].name] = Result(seconds_between(start, read_clock(work.device)))
    for number in range(rounds):
        if number and not go_on():
            break
        for one in contestants:
            with torch.backends.cudnn.flags(enabled=True):  # whatever one sets is not the next one's
                results[one.name].rounds.append(one.run(steps, warm_up))
    return results


def facts(work: Work, results: dict[str, Result]) -> dict[str, Any]:
    """Return what a record keeps of a contest."""
    costs = {name: {"rounds_step_s": one.of_rounds, "start_s": one.start_s} for name, one in results.items()}
    what = (
        f"{work.dataset}, {work.network['name']}, batch {work.protocol.batch} of {work.channels} x {work.protocol.crop}"
    )
    clock = "seconds of the GPU's stream" if work.device.type == "cuda" else "CPU seconds"
    return {"work": what, "clock": clock, "costs": costs, "ours_times_as_fast": ratios(results)}


def ratios(results: dict[str, Result]) -> dict[str, dict[str, Any]]:
    """Return of each peer how many times ours is as fast a step: by the medians, and in each round."""
    ours = results[Suite.name]
    found = {}
    for name, result in results.items():
        if name != Suite.name:
            pairs = zip(result.of_rounds, ours.of_rounds, strict=True)
            found[name] = {"median": result.step_s / ours.step_s, "rounds": [theirs / own for theirs, own in pairs]}
    return found
