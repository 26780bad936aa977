"""Runs that nnU-Net left in its folder of results: of which method, which training seed and which folds."""

import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from softbench.errors import InputError, in_words
from softbench.for_nnunet.trainers import BASE

VERSION = None  # names and places of files
RECORD = "soft_label.json"  # beside a fold's checkpoints
SEED = re.compile(r"_seed(\d+)$")


@dataclass(frozen=True)
class Run:
    """A trainer's folder of results: a method with one training seed, in folds.

    folds: fold -> its cases with predictions.
    """

    method: str
    seed: int
    folder: Path
    folds: Mapping[str, frozenset[str]]

    def __str__(self) -> str:
        return f"{self.method}, seed {self.seed}"


def places(data_set: str) -> tuple[Path, Path]:
    """Return the folders of a data set below nnUNet_results and nnUNet_preprocessed, by its number or name.

    Raises: InputError: if a variable is not set, or there are no results, or of several data sets of this number.
    """
    roots = {}
    for name in ("nnUNet_results", "nnUNet_preprocessed"):
        if not os.environ.get(name):
            raise InputError(f"the variable {name} is not set; nnU-Net's own commands need it, too.")
        roots[name] = Path(os.environ[name])
    results = roots["nnUNet_results"]
    pattern = f"Dataset{int(data_set):03d}_*" if data_set.isdigit() else data_set
    found = sorted(path for path in results.glob(pattern) if path.is_dir())
    if len(found) != 1:
        said = f"{in_words(path.name for path in found)} all have it" if found else f"none is in {results}"
        raise InputError(f"{data_set!r} must name one data set with results, but {said}.")
    return found[0], roots["nnUNet_preprocessed"] / found[0].name


def find(results: Path, plans: str, configuration: str, trainers: Collection[str] | None = None) -> list[Run]:
    """Return the runs of a data set that have a fold with predictions of validation cases.

    A trainer of ours is the method of its name without `nnUNetTrainerSoft_` and the seed; its seed is the one that
    `soft_label.json` notes, or 0 where none was set. Another trainer, nnU-Net's own, is the method of its name, seed 0,
    for nnU-Net sets none.
    Args:
        results: of the data set, below nnUNet_results.
        plans, configuration: by their names.
        trainers: classes that are wanted; None: all that there are.
    Raises: InputError: if there is no such run, or a wanted trainer has none.
    """
    ending = f"__{plans}__{configuration}"
    folders = {path.name.removesuffix(ending): path for path in sorted(results.glob(f"*{ending}")) if path.is_dir()}
    folds = {name: _folds(path) for name, path in folders.items()}
    known = [name for name in folders if folds[name]]
    wanted = known if trainers is None else list(dict.fromkeys(trainers))
    if missing := [name for name in wanted if name not in known]:
        raise InputError(
            f"{results} has no predictions of validation cases by {in_words(missing)} with {plans} and "
            f"{configuration}; it has them by {in_words(known) or 'none'}. Make them: nnUNetv2_train ... --val --npz"
        )
    if not wanted:
        raise InputError(
            f"{results} has no trainer's folder *{ending} with predictions of validation cases. Train with "
            "nnUNetv2_train ... --npz, or name other plans or another configuration."
        )
    return [Run(*_method(name, folders[name]), folders[name], folds[name]) for name in wanted]


def require_whole(runs: Sequence[Run], folds: Sequence[str], splits: Sequence[Mapping[str, Sequence[str]]]) -> None:
    """Raise `InputError` if a fold of a run lacks predictions of cases that the split leaves to it.

    Args:
        runs: each with these folds.
        folds: their numbers; "all" has no cases of its own and is not checked.
        splits: of splits_final.json.
    """
    for run in runs:
        for fold in folds:
            cases = splits[int(fold)]["val"] if fold != "all" and int(fold) < len(splits) else []
            if lacking := sorted(set(cases) - run.folds[fold]):
                raise InputError(
                    f"{run.folder}/fold_{fold} lacks predictions of {in_words(lacking[:3])} ({len(lacking)} of "
                    f"{len(cases)} cases). Finish them: nnUNetv2_train ... {fold} ... --val --npz"
                )


def shared_folds(runs: Sequence[Run], wanted: Sequence[str] | None) -> list[str]:
    """Return the folds that are scored: as wanted, or those that every run has.

    Raises: InputError: if a run lacks a wanted fold, or no fold is in all.
    """
    common = sorted(set.intersection(*(set(run.folds) for run in runs)))
    each = "; ".join(f"{run} has {in_words(run.folds)}" for run in runs)
    if wanted is not None:
        if missing := sorted(set(wanted) - set(common)):
            raise InputError(f"not every run has predictions of fold {in_words(missing)}: {each}.")
        return sorted(set(wanted))
    if not common:
        raise InputError(f"no fold has predictions of every run, so that runs share no cases: {each}.")
    return common


def _folds(folder: Path) -> dict[str, frozenset[str]]:
    """Return the folds that have predictions, and the cases of each."""
    found = {}
    for place in sorted(folder.glob("fold_*")):
        names = {path.name for path in place.glob("validation/*") if path.name.endswith((".npz", ".nii.gz", ".nii"))}
        cases = frozenset(re.sub(r"\.(npz|nii\.gz|nii)$", "", name) for name in names)
        if cases:
            found[place.name.removeprefix("fold_")] = cases
    return found


def _method(trainer: str, folder: Path) -> tuple[str, int]:
    """Return the method and the training seed of a trainer's folder.

    Raises: InputError: if its folds were trained with several seeds.
    """
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"fold_*/{RECORD}"))]
    if not records:
        return trainer, 0
    seeds = {record.get("seed") for record in records}
    if len(seeds) > 1:
        raise InputError(f"the folds of {folder} were trained with several seeds ({in_words(map(str, seeds))}).")
    seed = seeds.pop()
    name = trainer.removeprefix(f"{BASE}_")
    return (name, 0) if seed is None else (SEED.sub("", name), int(seed))
