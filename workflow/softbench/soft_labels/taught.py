"""What recipes take of a teacher: the probabilities of networks that did not see a case."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from softbench import store
from softbench.datasets.folder import Dataset
from softbench.errors import InputError
from softbench.jobs import storage

VERSION = 1


@dataclass(frozen=True)
class Teacher:
    """The store of a teacher: the hash of each case's probabilities, and what a recipe learned of the training part."""

    folder: Path
    cases: dict[str, str]
    learned: dict[str, Any]

    @classmethod
    def of(cls, module: ModuleType, folder: Path | None, dataset: Dataset) -> "Teacher | None":
        """Open the teacher of a recipe; None for one that needs none.

        Raises: InputError: if the recipe needs a teacher and there is no folder, or the folder has no manifest.
        """
        if not getattr(module, "NEEDS_TEACHER", False):
            return None
        if folder is None:
            raise InputError(f"{module.__name__} needs a teacher, but its rule gives none. See soften_distilled.")
        manifest = storage.read_json(folder / "manifest.json")
        learn = getattr(module, "learn", None)
        training = _Training(folder, dataset, sorted(manifest["folds"]))
        learned = learn(training, len(dataset.classes)) if learn else {}
        return cls(folder, dict(manifest["cases"]), learned)

    def taught(self, case: str) -> dict[str, Any]:
        """Return what `soften` gets for a case: `teacher` (C, ...) float32, and what was learned."""
        return {"teacher": store.decode(store.read_codes(self.folder, case)), **self.learned}


@dataclass(frozen=True)
class _Training:
    """Probabilities (C, N) and labels (N,) of the valid voxels of each training case; may be gone through again."""

    folder: Path
    dataset: Dataset
    cases: Sequence[str]

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for name in self.cases:
            case = self.dataset.load(name)
            probabilities, labels = store.decode(store.read_codes(self.folder, name)), case.labels[0]
            valid = np.ones(labels.shape, bool) if case.valid is None else case.valid
            yield probabilities[:, valid], labels[valid]
