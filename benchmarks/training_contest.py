"""Ours, the SVLS authors' loop and MONAI's recipe take turns on the same work; what they cost, round by round."""

import multiprocessing
import statistics
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, TypeVar
from typing import Protocol as Interface

import torch
from softbench.datasets.folder import Dataset
from training_peers import MonaiRecipe, SvlsLoop
from training_suite import Suite
from training_work import Cost, Work, read_clock, seconds_between

Returned = TypeVar("Returned")


class Contestant(Interface):
    """A way to train; making one is the part of start-up that all steps need."""

    name: str

    def run(self, steps: int, warm_up: int) -> Cost:
        """Train a new network for both numbers of steps; return what it costs."""


@dataclass
class Result:
    """What a contestant cost: seconds to make it, and the cost of each round; `error` if it raised one."""

    made_s: float = 0.0
    rounds: list[Cost] = field(default_factory=list)
    error: str = ""

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
    work: Work,
    dataset: Dataset,
    *,
    steps: int,
    warm_up: int,
    rounds: int,
    go_on: Callable[[], bool] = lambda: True,
    after: Callable[[dict[str, Result]], None] = lambda results: None,
) -> dict[str, Result]:
    """Let the contestants take turns; one that raises leaves, and the others go on.

    Args:
        go_on: asked before each round but the first; false ends the contest.
        after: called with the results so far each time that a contestant has run.
    """
    makers: dict[str, Callable[[], Contestant]] = {
        Suite.name: lambda: Suite(work, dataset),
        SvlsLoop.name: lambda: SvlsLoop(work),
        MonaiRecipe.name: lambda: MonaiRecipe(work),
    }
    results = {name: Result() for name in makers}
    contestants: dict[str, Contestant] = {}
    for number in range(rounds):
        if number and not go_on():
            break
        for name, make in makers.items():
            if not results[name].error:
                take_turn(results[name], contestants, name, make, work.device, (steps, warm_up))
            after(results)
    return results


def take_turn(
    result: Result,
    contestants: dict[str, Contestant],
    name: str,
    make: Callable[[], Contestant],
    device: torch.device,
    lengths: tuple[int, int],
) -> None:
    """Let one contestant train, after making it if this is its first turn; note what it cost, or its error."""
    try:
        if name not in contestants:
            start = read_clock(device)
            contestants[name] = make()
            result.made_s = seconds_between(start, read_clock(device))
        result.rounds.append(run_apart(contestants[name], device, lengths))
    except Exception:  # whatever a peer raises costs the others nothing
        result.error = traceback.format_exc()


def run_apart(contestant: Contestant, device: torch.device, lengths: tuple[int, int]) -> Cost:
    """Return what a run costs; whatever it sets in its process is not the next one's.

    On a CPU it is a process of its own, split off from this one: ours sets how memory is kept, which would help peers.
    """
    if device.type == "cuda":
        with torch.backends.cudnn.flags(enabled=True):
            return contestant.run(*lengths)
    return apart(lambda: contestant.run(*lengths))


def apart(function: Callable[[], Returned]) -> Returned:
    """Return what a function returns in a process of its own, split off from this one.

    Raises: RuntimeError: with the traceback, if it raised an error.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_call_and_send, args=(function, theirs))
    process.start()
    theirs.close()
    try:
        error, returned = ours.recv()
    except EOFError:
        error, returned = "its process ended without a word", None
    process.join()
    if error:
        raise RuntimeError(error)
    return returned


def _call_and_send(function: Callable[[], Any], to: Connection) -> None:
    try:
        to.send(("", function()))
    except Exception:  # told by the process that waits
        to.send((traceback.format_exc(), None))


def failed(results: dict[str, Result]) -> dict[str, str]:
    """Return the contestants that raised an error, with it."""
    return {name: result.error for name, result in results.items() if result.error}


def facts(work: Work, results: dict[str, Result]) -> dict[str, Any]:
    """Return what a record keeps of a contest."""
    ran = {name: one for name, one in results.items() if one.rounds}
    costs = {name: {"rounds_step_s": one.of_rounds, "start_s": one.start_s} for name, one in ran.items()}
    batch = f"batch {work.protocol.batch} of {work.channels} x {work.protocol.patch_size}"
    what = f"{work.name}, {work.network['name']}, {batch}"
    clock = "seconds of the GPU's stream" if work.device.type == "cuda" else "CPU seconds"
    return {"work": what, "clock": clock, "costs": costs, "ours_times_as_fast": ratios(ran), "errors": failed(results)}


def ratios(results: dict[str, Result]) -> dict[str, dict[str, Any]]:
    """Return of each peer how many times ours is as fast a step: by the medians, and in each round that both ran."""
    if Suite.name not in results:
        return {}
    ours = results[Suite.name]
    found = {}
    for name, result in results.items():
        if name != Suite.name:
            pairs = zip(result.of_rounds, ours.of_rounds, strict=False)
            found[name] = {"median": result.step_s / ours.step_s, "rounds": [theirs / own for theirs, own in pairs]}
    return found
