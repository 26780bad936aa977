"""Reading soft labels, whether they are stored or computed on the spot: the reader hides the difference."""

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softbench import store
from softbench.datasets.case import Case
from softbench.errors import InputError


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
            return store.read_codes(self.folder, case.id)
        return store.encode(compute(self.manifest["recipe"], case, self.manifest["classes"], self.manifest["settings"]))

    def read(self, case: Case) -> np.ndarray:
        """Return the soft label of a case, (C, ...) float32, exactly as a network sees it."""
        return store.decode(self.codes(case))


def open_store(folder: Path) -> SoftLabels:
    """Open the soft labels that a `soften_` rule wrote.

    Raises: InputError: if there is no manifest.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
    except FileNotFoundError:
        raise InputError(f"{folder} holds no manifest.json, so no soft labels. Run its `soften_` rule.") from None
    return SoftLabels(folder, manifest)


def compute(recipe: str, case: Case, classes: int, settings: dict[str, Any]) -> np.ndarray:
    """Soften the labels of one case by a recipe of this package; (C, ...) float32."""
    module = importlib.import_module(f"softbench.soft_labels.{recipe}")
    labels = case.labels[:1] if module.RATERS == "one" else case.labels
    image = case.images if module.NEEDS_IMAGE else None
    soft: np.ndarray = module.soften(labels, image, case.spacing_mm, classes=classes, **settings)
    return soft
