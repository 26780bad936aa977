"""A batch: the seeds of one (experiment, network, method), trained and scored in one process, each seed a piece."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from softbench import datasets, networks, pieces, provenance, resolution, soft_labels, store
from softbench.arrays import round_up
from softbench.datasets import splits
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.errors import DivergedError, InputError
from softbench.soft_labels.raters import Raters
from softbench.soft_labels.reader import SoftLabels
from softbench.training import checkpoint, facts, model_file, predictors, resident, score_piece
from softbench.training.coarse import Resolution
from softbench.training.coarse_scores import Pair
from softbench.training.inference import view_of
from softbench.training.loop import train
from softbench.training.predictors import Predictor
from softbench.training.protocol import Protocol
from softbench.training.resident import Resident
from softbench.training.scoring import Scoring
from softbench.training.temperature import temperature


@dataclass(frozen=True)
class Run:
    """What one method of an experiment is, seeds apart; `names` fills the columns of its scores."""

    names: dict[str, str]
    network: dict[str, Any]
    loss: str
    protocol: Protocol
    scoring: Scoring
    versions: dict[str, dict[str, int]]
    raters: Raters = "first"
    resolution: Resolution | None = None

    @classmethod
    def of(cls, settings: dict[str, Any]) -> "Run":
        """Make a run of plain settings, as config holds them."""
        protocol, scoring = Protocol(**settings["protocol"]), Scoring(**settings["scoring"])
        coarse = settings.get("resolution")
        resolution = Resolution(**coarse) if coarse else None
        return cls(**{**settings, "protocol": protocol, "scoring": scoring, "resolution": resolution})


class Batch:
    """The data of a batch, read once, and the pieces of its seeds."""

    def __init__(
        self,
        run: Run,
        data: Path,
        soft: Path,
        split: pd.DataFrame,
        device: torch.device,
        log: Callable[[str], None],
        deadline: float | None = None,
    ) -> None:
        """Open the data set and the soft labels; nothing is read before a seed needs it.

        Args: deadline: on the clock of `time.monotonic`, when training stops with a checkpoint; None: no limit.
        """
        self.run, self.device, self.log, self.deadline = run, device, log, deadline
        self.dataset: Dataset = datasets.open(data)
        splits.check(split, self.dataset.cases)
        self.split = split
        self.soft: SoftLabels = soft_labels.open_store(soft)
        self.parts = {part: list(split.loc[split["part"] == part, "case"]) for part in ("train", "val", "test")}
        self._resident: Resident | None = None

    def key_of_model(self, seed: int) -> str:
        """Return the key of all that decides the weights of a seed."""
        hashes = self.dataset.manifest["cases"]
        return pieces.key_of(
            seed=seed,
            network=self.run.network,
            loss=self.run.loss,
            protocol=asdict(self.run.protocol),
            classes=list(self.dataset.classes),
            raters=self.run.raters,
            resolution=asdict(self.run.resolution) if self.run.resolution else None,
            versions=self.run.versions["training"],
            images={case: hashes[case] for case in [*self.parts["train"], *self.parts["val"]]},
            order=self.parts["train"],
            soft_labels=self._soft_labels(),
        )

    def key_of_scores(self, seed: int) -> str:
        """Return the key of all that decides the scores of a seed."""
        hashes = self.dataset.manifest["cases"]
        return pieces.key_of(
            model=self.key_of_model(seed),
            names=self.run.names,
            scoring=asdict(self.run.scoring),
            structures=self.dataset.structures,
            versions=self.run.versions["scoring"],
            images={case: hashes[case] for case in self.parts["test"]},
        )

    def _soft_labels(self) -> Any:
        """Return what decides the soft labels of the training cases: their hashes, or else all that makes them."""
        if self.run.raters == "first" and (self.run.resolution is None or self.run.resolution.labels == "soft_label"):
            return {case: self.soft.manifest["cases"][case] for case in self.parts["train"]}
        return self.soft.manifest["key"]

    @property
    def resident(self) -> Resident:
        """The training cases in memory; read when the first seed that is not there yet needs them."""
        if self._resident is None:
            cases = [self.case(case) for case in self.parts["train"]]
            targets = (self._target(case) for case in self.parts["train"])
            self._resident = resident.load(cases, targets, self.protocol.crop, self.device, self.log)
        return self._resident

    @cached_property
    def protocol(self) -> Protocol:
        """The protocol on the grid of training: crop and window are widened to what the network can halve.

        What is added counts for nothing, since no voxel of it is valid: 90 voxels are trained as 96, 24 as 32.
        """
        full, coarse = self.run.protocol, self.run.resolution
        crop = coarse.crop(full.crop) if coarse else full.crop
        settings = {name: value for name, value in self.run.network.items() if name != "name"}
        multiple: Any = networks.build(self.run.network["name"], 1, 2, len(crop), **settings).multiple
        window = coarse.crop(full.window) if coarse and full.window else full.window
        wide = None if window is None else list(round_up(window, multiple))
        return replace(full, crop=list(round_up(crop, multiple)), window=wide)

    def case(self, case_id: str) -> Case:
        """Return a case on the grid of training."""
        case = self.dataset.load(case_id)
        return self.run.resolution.coarsen(case) if self.run.resolution else case

    def _target(self, case_id: str) -> tuple[np.ndarray, np.ndarray]:
        """Return soft and hard labels of a case on the grid of training."""
        if self.run.resolution and self.run.resolution.labels == "nearest":
            return self.soft.targets_of_labels(self.case(case_id), self.run.raters)
        case = self.dataset.load(case_id)
        soft, hard = self.soft.targets(case, self.run.raters)
        self._require_grid(case_id, hard.shape[1:], soft.shape[2:])
        return soft, self.run.resolution.hard(hard, case.valid) if self.run.resolution else hard

    def _require_grid(self, case_id: str, full: tuple[int, ...], found: tuple[int, ...]) -> None:
        """Raise unless a soft label lies on the grid of training, which is that of the case or a coarser one."""
        wanted = resolution.grid(full, self.run.resolution.factor) if self.run.resolution else full
        if found != wanted:
            raise InputError(
                f"case {case_id}: the method {self.run.names['method']!r} trains on the grid {wanted}, but its soft "
                f"label has {found}. Take a soft label of that grid (`epd` with the same factor), or set `labels: "
                "nearest` in the method's `resolution`."
            )

    def seed(self, seed: int, folder: Path) -> dict[str, Any]:
        """Train and score one seed, or take what is there; a run that diverges is recorded, not raised."""
        try:
            model = pieces.make(
                folder, "model", self.key_of_model(seed), lambda scratch: self._train(seed, folder, scratch)
            )
        except DivergedError as error:
            self.log(f"FAILED: {error}")
            return {"status": "failed", "reason": str(error)}
        checkpoint.remove(folder)
        scores = pieces.make(
            folder, "scores", self.key_of_scores(seed), lambda scratch: self._score(seed, folder, scratch)
        )
        told = {name: model[name] for name in ("training", "validation")}
        return {"status": "done", "model": model["hash"], "scores": scores["hash"], "key": scores["key"], **told}

    def _train(self, seed: int, folder: Path, scratch: Path) -> dict[str, Any]:
        """Fill the piece `model`: weights and history; return their hash and what the manifest tells of them."""
        watch = provenance.Watch(self.device)
        model, history = train(
            self.resident,
            [self.case(case) for case in self.parts["val"]],
            network=self.run.network,
            loss=self.run.loss,
            protocol=self.protocol,
            classes=len(self.dataset.classes),
            seed=seed,
            folder=folder,
            key=self.key_of_model(seed),
            deadline=self.deadline,
            log=self.log,
        )
        channels = self.resident.images.shape[1]
        model_file.save(
            scratch / "model.pt", model, self.run.network, channels, len(self.dataset.classes), self.resident.dims
        )
        pd.DataFrame(history).to_csv(scratch / "history.csv", index=False)
        watch.write(scratch / "provenance.json", threads=self.run.protocol.threads)
        return {
            "hash": hash_weights(model),
            "training": facts.of_training(self.protocol, len(self.parts["train"]), self.device),
            "validation": facts.of_validation(history, self.protocol, len(self.parts["val"])),
        }

    def _score(self, seed: int, folder: Path, scratch: Path) -> dict[str, Any]:
        """Fill the piece `scores`: the tidy table, the reliability statistics and the predictions."""
        torch.set_num_threads(self.run.protocol.threads)
        model = model_file.load(folder / "model.pt", self.device)
        run, pair = self.run, self.pair([model])
        of_model: dict[str, Any] = {"resolution": run.resolution, "view": view_of(self.protocol)}
        kinds: dict[str, Predictor] = {score_piece.RAW: predictors.networks([model], **of_model)}
        found: dict[str, Any] = {}
        if run.scoring.temperature:
            validation = [self.case(case) for case in self.parts["val"]]
            found["temperature"] = temperature(model, validation, view=view_of(self.protocol))
            self.log(f"seed {seed}: temperature {found['temperature']:.3f}")
            kinds["temperature"] = predictors.networks([model], temperature=found["temperature"], **of_model)
        where = (scratch, kinds, self.dataset, self.split)
        return found | score_piece.fill(*where, run.scoring, run.names, seed, self.log, pair=pair)

    def pair(self, models: Sequence[torch.nn.Module]) -> Pair | None:
        """Return how a case's prediction and target on a coarser grid of training are had; None without such a grid."""
        if self.run.resolution is None:
            return None
        predictor = predictors.networks(models, view=view_of(self.protocol))

        def of_case(case_id: str) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
            coarse, (soft, _) = self.case(case_id), self._target(case_id)
            return predictor(coarse), store.decode(soft[0]), coarse.valid

        return of_case


def hash_weights(model: torch.nn.Module) -> str:
    """Return one sha256 over all weights of a network."""
    state = model.state_dict()
    return pieces.key_of(**{name: pieces.hash_array(value.detach().cpu().numpy()) for name, value in state.items()})


def run_batch(batch: Batch, seeds: Sequence[int], folder: Path, output: Path) -> None:
    """Train and score the seeds of a batch below `folder`; write the batch's manifest last."""
    done = {str(seed): batch.seed(seed, folder / f"seed-{seed}") for seed in seeds}
    pieces.write_json(output, {"run": batch.run.names, "seeds": done})
