"""The words of this room: a source of predictions, the files of a case, and how they are scored."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """One run of one method: its name, its training seed and the folder of its predictions."""

    method: str
    seed: int
    folder: Path

    def __str__(self) -> str:
        return f"predictions {self.method}, seed {self.seed} ({self.folder})"


@dataclass(frozen=True)
class Files:
    """The files of one case in one folder: a NIfTI, an npz, or both: nnU-Net writes a label map beside its npz."""

    nifti: Path | None = None
    npz: Path | None = None

    @property
    def path(self) -> Path:
        """The file that is scored: probabilities before a label map."""
        found = self.npz or self.nifti
        assert found is not None, "a case has a file"
        return found


@dataclass(frozen=True)
class Settings:
    """How predictions are scored; the names are those of `metrics.score.assess`.

    `structures` and `classes` are None where they are still to be found in the files.
    """

    structures: Mapping[str, tuple[int, ...]] | None
    classes: int | None
    tolerances_mm: tuple[float, ...] = (2.0,)
    band_mm: float = 3.0
    bins: int = 10
    ignore_label: int | None = None
    cross_check: tuple[str, ...] = ()


@dataclass(frozen=True)
class Show:
    """What tables and page say: a title, the control's name, and composites (None: the average of all structures)."""

    title: str
    control: str | None = None
    composites: Mapping[str, tuple[str, ...]] | None = None


Predicted = dict[Source, dict[str, Files]]  # source -> case -> files
References = dict[str, tuple[Path, ...]]  # case -> label maps, one a rater
