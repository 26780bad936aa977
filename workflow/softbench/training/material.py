"""The data of a run (cases, soft labels, split) on its grid of training, read once for all seeds."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from softbench import datasets, networks
from softbench.arrays import round_up
from softbench.datasets import splits
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.errors import InputError
from softbench.jobs.progress import grid
from softbench.soft_labels.reader import SoftLabels, open_store
from softbench.training import cached_data
from softbench.training.cached_data import CachedData
from softbench.training.protocol import Protocol
from softbench.training.run import Run

VERSION = 1
Targets = Callable[[str], tuple[np.ndarray, np.ndarray]]  # soft (R, C, ...) integers of the store, hard (R, ...)


class Material:
    """The data of a run: cases and targets on its grid of training, and what decides them."""

    def __init__(
        self,
        run: Run,
        data: Path | Dataset,
        soft: Path,
        split: pd.DataFrame,
        device: torch.device,
        log: Callable[[str], None],
        deadline: float | None = None,
    ) -> None:
        """Open the data set and the soft labels; nothing is read before a seed needs it.

        Args:
            data: the folder of the data set, or the data set, where several methods share it: a case is compared with
                its hash once.
            deadline: on the clock of `time.monotonic`, when training stops with a checkpoint; None: no limit.
        """
        self.run, self.device, self.log, self.deadline = run, device, log, deadline
        self.dataset = data if isinstance(data, Dataset) else datasets.open(data)
        split = splits.of_dataset(split, self.dataset.manifest, self.dataset.cases)
        self.split = split
        self.soft: SoftLabels = open_store(soft)
        self.parts = {part: list(split.loc[split["part"] == part, "case"]) for part in ("train", "val", "test")}
        self.patients = dict(zip(split["case"], split["patient"], strict=True))
        self.validation_logits: dict[str, list[torch.Tensor]] = {}  # hash of weights -> of each validation case
        self._cached: CachedData | None = None

    def soft_labels(self) -> Any:
        """Return what decides the soft labels that a run reads: their hashes, or else all that makes them."""
        if self.run.raters == "first" and (self.run.resolution is None or self.run.resolution.labels == "soft_label"):
            read = [*self.parts["train"], *(self.parts["val"] if self.run.protocol.select == "lowest_loss" else ())]
            return {case: self.soft.manifest["cases"][case] for case in read}
        return self.soft.manifest["key"]

    @property
    def cached_data(self) -> CachedData:
        """The training cases in memory; read when the first seed that is not there yet needs them."""
        if self._cached is None:
            self._tell_long_patch()
            cases = [self.case(case) for case in self.parts["train"]]
            targets = (self.target(case) for case in self.parts["train"])
            self._cached = cached_data.load(cases, targets, self.protocol.patch_size, self.device, self.log)
        return self._cached

    def _tell_long_patch(self) -> None:
        """Say where the patch of the protocol is longer than every training case along an axis."""
        patch = self.run.protocol.patch_size
        longest = [max(lengths) for lengths in zip(*map(self.dataset.shape, self.parts["train"]), strict=True)]
        if any(want > have for want, have in zip(patch, longest, strict=True)):
            self.log(
                f"`patch_size` of the protocol is {grid(patch)} voxels, but no training case is longer than "
                f"{grid(longest)} along these axes: the rest is padding, which costs time and teaches nothing"
            )

    @cached_property
    def protocol(self) -> Protocol:
        """The protocol on the grid of training, its patches widened to lengths that the network can halve.

        What is added counts for nothing, since no voxel of it is valid: 90 voxels are trained as 96, 24 as 32.
        """
        full, network = self.run.protocol, self.run.network
        settings = {name: value for name, value in network.items() if name != "name"}
        multiple: Any = networks.build(network["name"], 1, 2, len(full.patch_size), **settings).multiple

        def widened(lengths: list[int]) -> list[int]:
            return list(round_up(self.run.resolution.crop(lengths) if self.run.resolution else lengths, multiple))

        inference = full.inference_patch and widened(full.inference_patch)
        return replace(full, patch_size=widened(full.patch_size), inference_patch=inference)

    def case(self, case_id: str) -> Case:
        """Return a case on the grid of training."""
        case = self.dataset.load(case_id)
        return self.run.resolution.coarsen(case) if self.run.resolution else case

    @cached_property
    def evaluated(self) -> Dataset:
        """The data set as it is validated and scored: whole cases, or of each a part at a random place.

        Raises: InputError: if a part is wanted on a coarser grid of training, whose windows it would cut.
        """
        full = self.run.protocol
        if full.evaluation == "whole":
            return self.dataset
        if self.run.resolution is not None:
            raise InputError(
                f"the method {self.run.names['method']!r} trains on a coarser grid, but its protocol says `evaluation: "
                "random_crop`. Take `evaluation: whole`, or a method of the full grid."
            )
        return self.dataset.cropped(full.patch_size)

    def evaluated_case(self, case_id: str) -> Case:
        """Return a case as validation looks at it, on the grid of training."""
        case = self.evaluated.load(case_id)
        return self.run.resolution.coarsen(case) if self.run.resolution else case

    def evaluated_targets(self) -> Targets:
        """Return what gives the targets of the validation cases, on the grid of training; all are kept in memory."""
        kept = {case: self.evaluated_target(case) for case in self.parts["val"]}
        return kept.__getitem__

    def evaluated_target(self, case_id: str) -> tuple[np.ndarray, np.ndarray]:
        """Return soft and hard labels of a case as it is validated and scored, on the grid of training."""
        soft, hard = self.target(case_id)
        if self.evaluated.part is None:
            return soft, hard
        box = self.evaluated.box(case_id)
        return soft[:, :, *box].copy(), hard[:, *box].copy()

    def target(self, case_id: str) -> tuple[np.ndarray, np.ndarray]:
        """Return soft and hard labels of a case on the grid of training."""
        if self.run.resolution and self.run.resolution.labels == "nearest":
            return self.soft.targets_of_labels(self.case(case_id), self.run.raters)
        case = self.dataset.load(case_id)
        soft, hard = self.soft.targets(case, self.run.raters)
        self._require_grid(case_id, hard.shape[1:], soft.shape[2:])
        return soft, self.run.resolution.hard(hard, case.valid) if self.run.resolution else hard

    def _require_grid(self, case_id: str, full: tuple[int, ...], found: tuple[int, ...]) -> None:
        """Raise unless a soft label lies on the grid of training, which is that of the case or a coarser one."""
        wanted = tuple(self.run.resolution.crop(full)) if self.run.resolution else full
        if found != wanted:
            raise InputError(
                f"case {case_id}: the method {self.run.names['method']!r} trains on the grid {wanted}, but its soft "
                f"label has {found}. Take a soft label of that grid (`epd` with the same factor), or set `labels: "
                "nearest` in the method's `resolution`."
            )
