"""Reading soft labels, whether they are stored, mixed from maps or computed: the reader hides the difference."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softbench import images, store
from softbench.datasets.case import Case
from softbench.errors import InputError
from softbench.jobs import storage
from softbench.soft_labels import maps
from softbench.soft_labels.contract import fill
from softbench.soft_labels.raters import Raters, choose, choose_shares, majority, probabilities

VERSION = 1
WRITTEN = ("recipe", "kind", "settings", "classes", "normalised", "key", "cases")  # what every manifest says
AGAIN = "Fix the program that its `soften_` rule calls, delete the folder, and run the rule again."


@dataclass(frozen=True)
class SoftLabels:
    """The soft labels of one data set: `manifest` says by which recipe and settings, `folder` where they lie."""

    folder: Path
    manifest: dict[str, Any]

    def codes(self, case: Case) -> np.ndarray:
        """Return the soft label of a case as the store's integers, (C, ...) uint16; 65535 stands for 1."""
        if case.id not in self.manifest["cases"]:
            raise InputError(f"{self.folder} holds no soft label of case {case.id!r}. Run its `soften_` rule again.")
        if self.manifest["kind"] == "stored":
            return self._stored(case.id)
        return store.encode(self._compute(case, case.labels))

    def _stored(self, case: str) -> np.ndarray:
        """Return the integers of a case on disk; a store that a program wrote without a check stops here."""
        codes = store.read_codes(self.folder, case)
        classes, path = self.manifest["classes"], store.path_of(self.folder, case)
        if len(codes) != classes:
            raise InputError(f"{path} holds {len(codes)} classes, but its manifest.json says {classes}. {AGAIN}")
        off = codes.sum(axis=0, dtype=np.int64) != store.ONE
        if self.manifest["normalised"] and off.any():
            raise InputError(
                f"{path}: the classes of {int(off.sum())} of {off.size} voxels do not sum to {store.ONE}, though "
                f"manifest.json says that they are normalised. {AGAIN}"
            )
        return codes

    def read(self, case: Case) -> np.ndarray:
        """Return the soft label of a case, (C, ...) float32, exactly as a network sees it."""
        return store.decode(self.codes(case))

    def export_nifti(self, case: Case, path: Path) -> None:
        """Write the soft label of a case as a 4-D NIfTI (x, y, z, class) that a viewer opens over its image."""
        soft = self.read(case)
        images.write(path, soft if soft.ndim == 4 else soft[:, None], case.affine)

    def targets(self, case: Case, raters: Raters = "first") -> tuple[np.ndarray, np.ndarray]:
        """Return what a method learns from, by its choice of raters.

        Returns: soft (V, C, ...) uint16 and hard (V, ...) labels: V is the number of raters for "each", else 1. The
            hard label of a mean, and of a recipe that reads several raters, is the majority of them.
        Raises: InputError: for a choice other than "first" where the recipe is not computed from labels alone.
        """
        classes = self.manifest["classes"]
        if self.manifest["raters"] == "many":
            counted = self.manifest["settings"].get("count") or len(case.labels)  # of mOH, the first few
            return self.codes(case)[None], majority(case.labels[:counted], classes)[None]
        if raters == "first":
            return self.codes(case)[None], case.labels[:1]
        return self.targets_of_labels(case, raters)

    def targets_of_labels(self, case: Case, raters: Raters = "first") -> tuple[np.ndarray, np.ndarray]:
        """Return `targets` computed from the labels that the case holds now, whatever grid they lie on."""
        classes = self.manifest["classes"]
        if self.manifest["kind"] != "computed":
            raise InputError(
                f"`raters: {raters}`, or labels on a coarser grid, need a recipe computed from labels alone, but "
                f"{self.manifest['recipe']!r} is not. Use `raters: first` on the full grid."
            )
        stacks = choose(case.labels, raters, classes)
        shares = choose_shares(case, raters, classes) if reads_shares(self.manifest["recipe"]) else [None] * len(stacks)
        softs = [self._compute(case, *pair) for pair in zip(stacks, shares, strict=True)]
        if raters == "mean":
            return store.encode(np.stack(softs).mean(axis=0))[None], majority(case.labels, classes)[None]
        return np.stack([store.encode(soft) for soft in softs]), np.concatenate(stacks)

    def _compute(self, case: Case, labels: np.ndarray, shares: np.ndarray | None = None) -> np.ndarray:
        facts = self.manifest
        folder = self.folder / facts["map"] if facts["map"] else None
        given = facts["recipe"], case, facts["classes"], facts["settings"]
        return compute(*given, labels=labels, shares=shares, map_folder=folder)


def open_store(folder: Path) -> SoftLabels:
    """Open the soft labels that a `soften_` rule wrote.

    Raises: InputError: if there is no manifest, or one that does not say what it must.

    >>> from pathlib import Path
    >>> from softbench import datasets, soft_labels
    >>> data = datasets.open(Path("results/data/phantom_brain"))  # doctest: +SKIP
    >>> store = soft_labels.open_store(Path("results/soft_labels/phantom_brain/svls"))  # doctest: +SKIP
    >>> store.read(data.load("phantom_brain_000")).shape  # doctest: +SKIP
    (4, 24, 48, 48)
    """
    if storage.condition(folder / "manifest.json") == storage.MISSING:
        raise InputError(f"{folder} holds no manifest.json, so no soft labels. Run its `soften_` rule.")
    manifest = storage.read_json(folder / "manifest.json")
    missing = [name for name in WRITTEN if name not in manifest]
    if missing:
        raise InputError(f"{folder / 'manifest.json'} lacks {', '.join(missing)}; `softbench pack` writes all. {AGAIN}")
    return SoftLabels(folder, {"raters": "one", "map": None} | manifest)


def compute(
    recipe: str,
    case: Case,
    classes: int,
    settings: dict[str, Any],
    *,
    labels: np.ndarray | None = None,
    image: np.ndarray | None = None,
    shares: np.ndarray | None = None,
    map_folder: Path | None = None,
    taught: Mapping[str, Any] | None = None,
) -> np.ndarray:
    """Soften the labels of one case by a recipe of this package; (C, ...) float32.

    Args:
        recipe: a module of this room.
        case: gives spacing, and labels and image where those are left out.
        classes: number of classes, background included.
        settings: of the recipe, and, where it reads the image, `intensities`.
        labels: (R, ...) instead of the case's own; a recipe of one rater takes the first.
        image: (M, ...) instead of the case's own.
        shares: (C, ...) the store's integers instead of those of the case's first rater, for a recipe that reads them.
        map_folder: where the maps of the data set lie, for a recipe that mixes them; without it they are made.
        taught: what a recipe with `NEEDS_TEACHER` takes of its teacher, by argument.
    Raises: InputError: as the recipe, and as `choose_shares`.
    """
    module = importlib.import_module(f"softbench.soft_labels.{recipe}")
    stack = case.labels if labels is None else labels
    stack = stack[:1] if module.RATERS == "one" else stack
    stack = stack if case.valid is None else fill(stack, case.valid, case.spacing_mm)
    kind, settings = maps.take_intensities(settings)

    def pixels() -> np.ndarray:
        return case.intensities(kind) if image is None else image

    if module.KIND == "mapped":
        of_map = {name: settings[name] for name in module.MAP_SETTINGS if name in settings}
        rest = {name: value for name, value in settings.items() if name not in of_map}
        given = {"classes": classes, "spacing_mm": case.spacing_mm}
        arrays = (
            maps.read(map_folder, case.id)
            if map_folder
            else module.make_map(stack, pixels(), case.spacing_mm, classes=classes, case=case.id, **of_map)
        )
        mixed: np.ndarray = module.apply_map(stack, arrays, **given, **rest)
        return mixed
    if reads_shares(recipe):
        chosen = choose_shares(case, "first", classes)[0] if shares is None else shares
        settings = {**settings, "shares": probabilities(case, chosen)}
    if getattr(module, "NEEDS_VALID", False):
        settings = {**settings, "valid": case.valid}
    settings = {**settings, **(taught or {})}
    soft: np.ndarray = module.soften(
        stack, pixels() if module.NEEDS_IMAGE else None, case.spacing_mm, classes=classes, **settings
    )
    return soft


def reads_shares(recipe: str) -> bool:
    """Return whether a recipe reads the shares of classes that a data set keeps through resampling."""
    return bool(getattr(importlib.import_module(f"softbench.soft_labels.{recipe}"), "NEEDS_SHARES", False))
