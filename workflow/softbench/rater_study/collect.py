"""The pieces of a study as arrays by patient: what all tables and figures of it are made from."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.jobs import storage
from softbench.rater_study.produce import read_facts, read_line
from softbench.rater_study.scores import REGIONS
from softbench.rater_study.trials import Line

VERSION = 1
MEANS = ("brier", "cross_entropy", "ged", "width_mm")  # mean over raters and a patient's cases
SUMS = ("bins", "voxels")


@dataclass(frozen=True)
class Collected:
    """A study.

    manifest: as `produce` wrote it. lines: by name. facts: of each case, in its order. patients: each once, sorted.
    of_patient: the number of each case's patient. scores: line -> name -> (cases, S, R, K, ...), as `measure` says.
    """

    manifest: Mapping[str, Any]
    lines: Mapping[str, Line]
    facts: list[dict[str, Any]]
    patients: list[str]
    of_patient: np.ndarray
    scores: Mapping[str, Mapping[str, np.ndarray]]

    @property
    def structures(self) -> list[str]:
        """Their names, in the order of the axis S."""
        return list(self.manifest["structures"])

    def by_patient(self, line: str, name: str, structure: str, region: str | None = None) -> np.ndarray:
        """Return (K, patients, ...) means over raters and cases; NaN of a patient in whom nobody drew the structure.

        Args:
            line: its name.
            name: one of `MEANS`, or of `SUMS`, which are summed.
            structure: its name.
            region: one of `REGIONS`; None for what has none.
        """
        values = self._values(line, name, structure, region)
        known = ~np.isnan(values).any(axis=tuple(range(1, values.ndim)))
        shape = (len(self.patients), *values.shape[2:])
        total, count = np.zeros(shape), np.zeros(len(self.patients))
        np.add.at(total, self.of_patient[known], values[known].sum(axis=1))
        np.add.at(count, self.of_patient[known], values.shape[1])
        if name in MEANS:
            with np.errstate(invalid="ignore"):
                total /= count.reshape(-1, *[1] * (total.ndim - 1))
        return np.moveaxis(total, 1, 0)

    def by_rater(self, line: str, name: str, structure: str, region: str) -> np.ndarray:
        """Return (K, cases, R) values."""
        return np.moveaxis(self._values(line, name, structure, region), 2, 0)

    def _values(self, line: str, name: str, structure: str, region: str | None) -> np.ndarray:
        """Return (cases, R, K, ...) values."""
        values = self.scores[line][name][:, self.structures.index(structure)]
        return values if region is None else values[:, :, :, REGIONS.index(region)]


def collect(output: Path) -> Collected:
    """Read all pieces of a study.

    Raises: InputError: if one is missing, or cases have different numbers of raters.
    """
    manifest = storage.read_json(output / "manifest.json")
    named = {entry["name"]: Line.of(entry) for entry in manifest["lines"]}
    facts = [read_facts(output, case) for case in manifest["cases"]]
    _require_as_many_raters(manifest["cases"], facts)
    patients = sorted({str(fact["patient"]) for fact in facts})
    of_patient = np.array([patients.index(str(fact["patient"])) for fact in facts])
    scores = {}
    for name in named:
        read = [read_line(output, case, name) for case in manifest["cases"]]
        scores[name] = {key: np.stack([one[key] for one in read]) for key in read[0]}
    return Collected(manifest, named, facts, patients, of_patient, scores)


def _require_as_many_raters(cases: Iterable[str], facts: Iterable[Mapping[str, Any]]) -> None:
    """Raise unless all cases were labelled by as many raters."""
    counts = {case: int(fact["raters"]) for case, fact in zip(cases, facts, strict=True)}
    usual = Counter(counts.values()).most_common(1)[0][0]
    if odd := {case: count for case, count in counts.items() if count != usual}:
        case, count = next(iter(odd.items()))
        raise InputError(
            f"{case} has {count} rater(s), but most cases have {usual}; {len(odd)} of {len(counts)} cases are so. All "
            "need the same number. Leave these out with `drop` of the study, or add what is missing."
        )
