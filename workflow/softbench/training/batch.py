"""A batch: the seeds of one (experiment, network, method), trained and scored in one process, each seed two pieces."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from softbench.errors import DivergedError
from softbench.jobs import pieces
from softbench.training import parts, scores, weights
from softbench.training.chosen import NOTHING
from softbench.training.material import Material
from softbench.training.run import Run
from softbench.training.temperature_scaling import OF_TEMPERATURE

__all__ = ["Batch", "Run", "run_batch"]
VERSION = 2


class Batch(Material):
    """The data of a batch and the pieces of its seeds: `model`, and `scores` that are made of it."""

    def model_key(self, seed: int) -> str:
        """Return the key of all that decides the weights of a seed."""
        return weights.model_key(self, seed)

    def scores_key(self, seed: int) -> str:
        """Return the key of all that decides the scores of a seed."""
        return scores.scores_key(self, self.model_key(seed))

    def loads_by_name(self) -> dict[str, Any]:
        """Return what training imports by name, as `plan.code.record.note` takes it."""
        run = self.run
        named = {"network": run.network["name"], "loss": run.loss, "recipe": self.soft.manifest["recipe"]}
        return named | {"coarse": run.resolution is not None}

    def model(self, seed: int, folder: Path) -> dict[str, Any]:
        """Train one seed, or take its finished weights; a run that diverges is recorded, not raised.

        Returns: `status` "done" with the facts of the piece, or "failed" with the `reason`.
        """
        try:
            made = pieces.make(folder, "model", self.model_key(seed), partial(weights.fill, self, seed, folder))
        except DivergedError as error:
            self.log(f"FAILED: {error}")
            return {"status": "failed", "reason": str(error)}
        parts.remove_checkpoint(folder)
        return {"status": "done", **made}

    def seed(self, seed: int, folder: Path) -> dict[str, Any]:
        """Train and score one seed, or take its finished pieces; a run that diverges is recorded, not raised."""
        model = self.model(seed, folder)
        if model["status"] == "failed":
            return model
        scored = pieces.make(folder, "scores", self.scores_key(seed), partial(scores.fill, self, seed, folder))
        facts = {name: model[name] for name in ("training", "validation")}
        facts |= {name: scored[name] for name in OF_TEMPERATURE if name in scored}
        return {"status": "done", "model": model["hash"], "scores": scored["hash"], "key": scored["key"], **facts}


def run_batch(
    batch: Batch, seeds: Sequence[int], folder: Path, output: Path, *, choice: Mapping[str, Any] | None = None
) -> None:
    """Train and score the seeds of a batch below `folder`; write the batch's manifest last.

    Args:
        choice: of a method whose setting was chosen, as choice.json holds it; the manifest repeats what was `chosen`.
            Where nothing was, no seed is trained, and each is listed as failed.
    """
    if choice is not None and choice["chosen"] is None:
        done: dict[str, Any] = {str(seed): {"status": "failed", "reason": NOTHING} for seed in seeds}
    else:
        done = {str(seed): batch.seed(seed, folder / f"seed-{seed}") for seed in seeds}
    facts = {} if choice is None else {name: choice[name] for name in ("chosen", "setting")}
    pieces.write_json(output, {"run": batch.run.names, "seeds": done, **facts})
