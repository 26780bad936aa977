"""What a study says of each structure: each line at settings chosen on other patients, its best widths, verdicts."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.rater_study import folds, verdicts
from softbench.rater_study.calibration import Calibration, calibration
from softbench.rater_study.collect import Collected
from softbench.rater_study.scores import REGIONS
from softbench.rater_study.trials import ONE_HOT, OTHERS, Line
from softbench.rater_study.verdicts import Verdict
from softbench.rater_study.widths import Best, find_best
from softbench.statistics.nested import Nested, nested_mean

VERSION = 2
FEWEST = 2  # patients, one a half
DECIDES = "band"  # the region whose Brier score chooses settings and decides
THICKNESS_MM = (1.5, 3.0)  # between thin, middle and thick slices


@dataclass(frozen=True)
class Judged:
    """One line of one structure.

    chosen: the trial that each half of the patients is scored with, chosen on the other half. brier: mean over
    patients by region. cross_entropy: the same in the band, by floor. calibration: the label's expected calibration
    error in the band, of all patients' voxels; bins: what it is of, (bins, 3). ged, width_mm: means. best: the widths
    by the Brier score; by_entropy: by the cross-entropy at each floor; None where nothing varies. one_hot, leader: the
    verdicts against one-hot and against the line of the lowest Brier score, before any adjustment (`families.settle`);
    None for those lines themselves, and for the other raters' mean. mixed: the difference to one-hot by the mixed
    model.
    """

    line: Line
    chosen: tuple[int, int]
    brier: dict[str, float]
    cross_entropy: tuple[float, ...]
    calibration: Calibration
    bins: np.ndarray
    ged: float
    width_mm: float
    best: Best | None
    by_entropy: tuple[Best, ...] | None
    one_hot: Verdict | None
    leader: Verdict | None
    mixed: Nested | None


@dataclass(frozen=True)
class Structure:
    """One structure of a study.

    patients: in whom somebody drew it. cases, alone, apart: cases that it was drawn in; by one rater alone; with two
    raters who share no voxel. partly: by some but not all raters. disagreement_mm: mean over patients. bound: the
    cross-entropy that no label goes below, in the band, by floor. leader: the line of the lowest Brier score.
    pairs: p of each pair of lines, in their order, before any adjustment.
    """

    name: str
    patients: int
    cases: int
    partly: int
    alone: int
    apart: int
    disagreement_mm: float
    bound: tuple[float, ...]
    leader: str
    lines: dict[str, Judged]
    pairs: dict[tuple[str, str], float]


def judge(study: Collected, structure: str, among: np.ndarray | None = None) -> Structure:
    """Return what the study says of a structure.

    Args:
        study: all cases.
        structure: its name.
        among: (patients,) bool, those that count; None: all.
    Raises: InputError: if fewer than two patients have the structure.
    """
    first = study.by_patient(ONE_HOT, "brier", structure, DECIDES)[0]
    known = ~np.isnan(first) if among is None else ~np.isnan(first) & among
    names = [name for name, here in zip(study.patients, known, strict=True) if here]
    if len(names) < FEWEST:
        raise InputError(f"{structure} was drawn in {len(names)} patient(s), but two halves need two or more.")
    half = folds.halves(names)
    held = {name: _hold(study, name, structure, known, half) for name in study.lines}
    recipes = [name for name in held if name != OTHERS]
    leader = min(recipes, key=lambda name: float(held[name]["brier"].mean()))
    lines = {name: _line(study, name, structure, held, leader, known) for name in held}
    pairs = {(a, b): verdicts.p_of(held[a]["brier"], held[b]["brier"]) for a, b in itertools.combinations(recipes, 2)}
    return Structure(structure, len(names), **_counts(study, structure, known), leader=leader, lines=lines, pairs=pairs)


def too_rare(study: Collected) -> dict[str, int]:
    """Return the structures that were drawn in fewer patients than two halves need, and in how many."""
    drawn = {name: study.by_patient(ONE_HOT, "brier", name, DECIDES)[0] for name in study.structures}
    counts = {name: int(np.count_nonzero(~np.isnan(scores))) for name, scores in drawn.items()}
    return {name: count for name, count in counts.items() if count < FEWEST}


def _hold(study: Collected, name: str, structure: str, known: np.ndarray, half: np.ndarray) -> dict[str, Any]:
    """Return the values of a line by patient, each at the setting chosen on the other half."""
    scores = study.by_patient(name, "brier", structure, DECIDES)[:, known]
    chosen = folds.choose(scores, half)
    held: dict[str, Any] = {
        "chosen": chosen,
        "half": half,
        "scores": scores,
        "brier": folds.apply(scores, half, chosen),
    }
    for region in REGIONS:
        held[region] = folds.apply(study.by_patient(name, "brier", structure, region)[:, known], half, chosen)
    for what in ("cross_entropy", "bins"):
        held[what] = folds.apply(study.by_patient(name, what, structure, DECIDES)[:, known], half, chosen)
    for what in ("ged", "width_mm"):
        held[what] = folds.apply(study.by_patient(name, what, structure)[:, known], half, chosen)
    return held


def _line(
    study: Collected, name: str, structure: str, held: Mapping[str, Any], leader: str, known: np.ndarray
) -> Judged:
    line, own, bins = study.lines[name], held[name], held[name]["bins"].sum(axis=0)
    compared = {of: _compare(own, held[of]) for of in (ONE_HOT, leader) if of != name and name != OTHERS}
    return Judged(
        line,
        own["chosen"],
        {region: float(own[region].mean()) for region in REGIONS},
        tuple(map(float, own["cross_entropy"].mean(axis=0))),
        calibration(own["bins"]),
        bins,
        float(own["ged"].mean()),
        float(own["width_mm"].mean()),
        find_best(own["scores"], line.values) if len(line.values) > 1 else None,
        _by_entropy(study, line, structure, known) if len(line.values) > 1 else None,
        compared.get(ONE_HOT),
        compared.get(leader),
        _mixed(study, name, structure, own, known) if ONE_HOT in compared else None,
    )


def _by_entropy(study: Collected, line: Line, structure: str, known: np.ndarray) -> tuple[Best, ...]:
    scores = study.by_patient(line.name, "cross_entropy", structure, DECIDES)[:, known]
    return tuple(find_best(scores[..., floor], line.values) for floor in range(scores.shape[-1]))


def _compare(own: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> Verdict:
    pairs = ((own[what], other[what]) for what in ("brier", "cross_entropy"))
    return verdicts.compare(*pairs)


def _mixed(study: Collected, name: str, structure: str, own: Mapping[str, Any], known: np.ndarray) -> Nested:
    """Return the mixed model's difference to one-hot, over the patients, cases and raters."""
    values = study.by_rater(name, "brier", structure, DECIDES)
    setting = np.zeros(len(study.patients), int)
    setting[known] = np.array(own["chosen"])[own["half"]]
    here = known[study.of_patient]
    of_case = setting[study.of_patient[here]]
    held = values[:, here][of_case, np.arange(len(of_case))]
    gap = held - study.by_rater(ONE_HOT, "brier", structure, DECIDES)[0, here]
    return nested_mean(gap.reshape(-1), np.repeat(study.of_patient[here], gap.shape[1]))


def _counts(study: Collected, structure: str, known: np.ndarray) -> dict[str, Any]:
    here = [(fact, of) for fact, of in zip(study.facts, study.of_patient, strict=True) if known[of]]
    told = [(fact["structures"][structure], of) for fact, of in here]
    drawn = [(fact, sum(volume > 0 for volume in fact["volumes_ml"]), of) for fact, of in told]
    drawn = [(fact, count, of) for fact, count, of in drawn if count]
    bounds = np.array([np.array(fact["bound"], float)[:, REGIONS.index(DECIDES)].mean(axis=0) for fact, _, _ in drawn])
    groups = [of for _, _, of in drawn]
    return {
        "cases": len(drawn),
        "partly": sum(count < len(fact["volumes_ml"]) for fact, count, _ in drawn),
        "alone": sum(count == 1 for _, count, _ in drawn),
        "apart": sum(fact["apart"] > 0 for fact, _, _ in drawn),
        "disagreement_mm": float(_mean_by(np.array([fact["disagreement_mm"] for fact, _, _ in drawn], float), groups)),
        "bound": tuple(map(float, _mean_by(bounds, groups))),
    }


def _mean_by(values: np.ndarray, groups: Sequence[int]) -> Any:
    """Return the mean over groups of the means within them."""
    of = np.array(groups)
    return np.mean([values[of == group].mean(axis=0) for group in np.unique(of)], axis=0)


def strata(study: Collected, structure: str) -> dict[str, np.ndarray]:
    """Return the patients of each stratum: the smaller and larger half by the structure's volume, and slice thickness.

    Returns: its words -> (patients,) bool; those of one stratum that holds all patients are left out. A patient counts
        by the means over cases.
    """
    volumes = _by_patient(study, [np.mean(fact["structures"][structure]["volumes_ml"]) for fact in study.facts])
    middle = float(np.median(volumes[volumes > 0])) if (volumes > 0).any() else 0.0
    unit = "ml" if len(study.facts[0]["spacing_mm"]) == 3 else "mm²"
    groups = {
        f"up to {_in_digits(middle)} {unit}": (volumes > 0) & (volumes <= middle),
        f"more than {_in_digits(middle)} {unit}": volumes > middle,
    }
    if unit == "ml":
        thick = _by_patient(study, [max(fact["spacing_mm"]) for fact in study.facts])
        low, high = THICKNESS_MM
        by_slice = {
            f"slices up to {low:g} mm": thick <= low,
            f"slices over {low:g} to {high:g} mm": (thick > low) & (thick <= high),
            f"slices over {high:g} mm": thick > high,
        }
        groups |= {name: here for name, here in by_slice.items() if here.any() and not here.all()}
    return groups


def _by_patient(study: Collected, values: Sequence[float]) -> np.ndarray:
    return np.array([np.mean(np.array(values)[study.of_patient == n]) for n in range(len(study.patients))])


def _in_digits(value: float) -> str:
    """Return three digits of a number without an exponent: "1.86", "67200", "0.0034"."""
    if not value:
        return "0"
    decimals = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, decimals):.{max(decimals, 0)}f}"
