"""The table of a study and its paragraph: numbers rounded, verdicts in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.rater_names import say_pseudo_everywhere
from softbench.rater_study import families, words
from softbench.rater_study.collect import Collected
from softbench.rater_study.judge import FEWEST, Judged, Structure, judge, strata, too_rare
from softbench.rater_study.scores import REGIONS
from softbench.rater_study.sums import FLOORS
from softbench.rater_study.trials import ONE_HOT, OTHERS
from softbench.rater_study.verdicts import ADJUSTED_AWAY, BETTER, CANNOT, LOWER, REVERSED, SAME_FUNCTION, Verdict
from softbench.tables.sheet import NOTHING, Entry, Grid, Head, Line, Sheet, Text, interval, number, p_value

VERSION = 2
FLOOR_NAMES = ("10⁻²", "10⁻³", "10⁻⁴")
HEADS = (
    Head("Setting (two halves)"), Head("Brier, band", "↓"), Head("Brier, boundary", "↓"), Head("Brier, all", "↓"),
    *(Head(f"CE, floor {name} (nat)", "↓") for name in FLOOR_NAMES), Head("ECE of the label", "↓"), Head("GED", "↓"),
    Head("Width of the softened band (mm)"),
)  # fmt: skip
WIDTHS = (
    Head("By Brier score"), Head("Interval for the width"), *(Head(f"By CE, floor {name}") for name in FLOOR_NAMES),
    Head("Best widths"),
)  # fmt: skip
VERDICTS = (
    Head("Brier minus one-hot's"), Head("The same, mixed model"), Head("p, adjusted"), Head("Against one-hot"),
    Head("Against the lowest"),
)  # fmt: skip
OF_STRATA = (Head("Patients"), Head("Best widths"), Head("Brier minus one-hot's"), Head("Against one-hot"))


ABOUT_WIDTHS = (
    "By Brier score: the best width and those that are not worse beyond noise. By CE: the width of the lowest "
    "cross-entropy at each floor. Where one of these lies outside the widths of the Brier score, there is no verdict."
)
TIES = {  # how the paragraph goes on after the line of the lowest score, by the verdicts of others against it
    "the same function here as {}": SAME_FUNCTION,
    "which noise does not tell from {}": CANNOT,
    "which after adjustment nothing tells from {}": ADJUSTED_AWAY,
    "with no verdict against {} (the floor of the cross-entropy reverses it)": REVERSED,
}


@dataclass(frozen=True)
class Report:
    """What is shown of a study: its table, a paragraph, and what figures are drawn from."""

    sheet: Sheet
    paragraph: str
    structures: tuple[Structure, ...]


def report(study: Collected, titles: Mapping[str, str], note: str = "") -> Report:
    """Return what is shown of a study.

    Args:
        study: all cases.
        titles: of lines, by name.
        note: a sentence about the numbers.
    Raises: InputError: as `judge`.
    """
    rare = too_rare(study)
    judged = tuple(judge(study, name) for name in study.structures if name not in rare)
    if not judged:
        raise InputError(f"no structure was drawn in two patients, which two halves need: {_rare(rare)}.")
    judged, tests = families.settle(judged)
    parts, part_tests = families.settle_parts({of.name: _parts(study, of.name) for of in judged})
    grids = [
        grid
        for of in judged
        for grid in [
            *_grids(of, titles, tests),
            _strata(of.name, parts[of.name], _left_out(study, of.name), titles, part_tests),
        ]
    ]
    head = f"Soft labels of one rater against the others: {study.manifest['title']}"
    sheet = Sheet(head, f"{about(study)} {note}".strip(), tuple(grids), numbers=numbers(judged))
    found = Report(sheet, f"{paragraph(study, judged, titles, tests)} {note}".strip(), judged)
    return say_pseudo_everywhere(found) if study.manifest["pseudo_raters"] else found


def _rare(rare: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} (drawn in {count} patient(s))" for name, count in rare.items())


def about(study: Collected) -> str:
    """Return what the numbers of the table are."""
    manifest = study.manifest
    raters = sorted({fact["raters"] for fact in study.facts})
    many = " or ".join(map(str, raters))
    dropped = "; ".join(f"{case} ({reason})" for case, reason in manifest.get("dropped", {}).items())
    without = f" Left out: {dropped}." if dropped else ""
    left = "; ".join(f"`{name}`: {reason}" for name, reason in manifest["left_out"].items())
    rare = too_rare(study)
    seldom = f" Not judged, since two halves need two patients: {_rare(rare)}." if rare else ""
    pseudo = f" They are pseudo-raters: {manifest['pseudo_raters']}." if manifest["pseudo_raters"] else ""
    return (
        f"{len(study.patients)} patients, {len(study.facts)} cases, {many} raters.{without}{pseudo} Each soft label "
        "is made from the labels of one rater and compared with the mean of the others, every rater in turn. Scores "
        "are means over raters, cases, then patients. Each half of the patients is scored with the setting of the "
        f"lowest Brier score on the other half. Band: within {manifest['band_mm']:g} mm of the boundary (at least the "
        "slice distance). Boundary: voxels that touch the edge of a rater's structure, or on which raters disagree. "
        "The Brier score in the band decides; the cross-entropy (CE) in the band stands beside it with probabilities "
        "floored at three values. ECE of the label: of the voxels of the band in all cases together, in brackets its "
        "95 % interval over patients (bootstrap; none below 30 patients). GED: energy "
        "distance of level sets to the other raters' masks, over all voxels. Recipes that were not tried: "
        f"{left or 'none'}.{seldom}"
    )


def _grids(structure: Structure, titles: Mapping[str, str], tests: int) -> list[Grid]:
    name = structure.name.replace("_", " ")
    bound = ", ".join(number(value, 3) for value in structure.bound)
    counted = (
        f"Drawn in {structure.cases} cases of {structure.patients} patients; in {structure.partly} by some raters "
        f"only, in {structure.alone} by one rater alone, in {structure.apart} two raters have no voxel in common. Two "
        f"raters' boundaries lie {structure.disagreement_mm:.2f} mm apart on average. Entropy of the other raters, "
        f"which no CE goes below: {bound} nat at the three floors."
    )
    lines = [_scores(judged, words.title(judged.line, titles)) for judged in structure.lines.values()]
    recipes = [judged for key, judged in structure.lines.items() if key != OTHERS]
    reason = next((judged.one_hot.brier.reason for judged in recipes if judged.one_hot), None)
    shown = [_verdicts(judged, words.title(judged.line, titles)) for judged in recipes]
    swept = [_widths(judged, words.title(judged.line, titles)) for judged in recipes if judged.best is not None]
    notes = [
        "In brackets: 95 % intervals over patients, by the bootstrap, and by a linear mixed model with an effect of "
        "the patient. `cannot tell`: the interval holds zero, or two soft labels are the same function. `no verdict`: "
        "the cross-entropy says better at one floor and worse at another."
    ]
    if tests:
        notes.append(
            f"p: of a t test over patients, against one-hot, adjusted by Holm's method for the {tests} tests of this "
            "study: all pairs of soft labels in all structures, for the scores decide which label is the lowest. "
            "Verdicts are those after adjustment; intervals are not adjusted."
        )
    notes += [f"{reason}: these patients' means are shown without."] if reason else []
    return [
        Grid(HEADS, tuple(lines), "Soft label", title=f"{name}: scores", about=counted),
        Grid(WIDTHS, tuple(swept), "Soft label", title=f"{name}: widths", notes=(ABOUT_WIDTHS,), look="sentences"),
        Grid(VERDICTS, tuple(shown), "Soft label", title=f"{name}: verdicts", notes=tuple(notes), look="sentences"),
    ]


def _scores(judged: Judged, title: str) -> Line:
    cells = [
        words.settings(judged),
        *(number(judged.brier[region], 4 if region != "all" else 6) for region in ("band", "boundary", "all")),
        *(number(value, 3) for value in judged.cross_entropy),
        words.calibration(judged.calibration),
        number(judged.ged, 3),
        number(judged.width_mm, 2),
    ]
    return _row(title, cells)


def _verdicts(judged: Judged, title: str) -> Line:
    mixed = judged.mixed
    by_model = NOTHING if mixed is None else number(mixed.mean, 4, signed=True)
    if mixed is not None and not mixed.reason:
        by_model += f" {interval(mixed.low, mixed.high, 4)}"
    cells = [
        words.difference(judged.one_hot.brier) if judged.one_hot else NOTHING,
        by_model,
        p_value(judged.one_hot.adjusted) if judged.one_hot else NOTHING,
        judged.one_hot.said if judged.one_hot else NOTHING,
        judged.leader.said if judged.leader else "the lowest",
    ]
    return _row(title, cells)


def _widths(judged: Judged, title: str) -> Line:
    line = judged.line
    picked = [f"{words.setting(line, best.index)}{words.at_end(line, best)}" for best in judged.by_entropy or ()]
    by_brier = f"{words.span(line, judged.best)}{words.at_end(line, judged.best)}"
    agreed = words.agreed(line, judged.best, judged.by_entropy)
    return _row(title, [by_brier, words.bounds(line, judged.best), *picked, agreed])


def _row(title: str, cells: Sequence[str], group: str = "") -> Line:
    return Line(title, tuple(Entry(Text(cell)) for cell in cells), group=group)


def _parts(study: Collected, structure: str) -> dict[str, Structure]:
    """Return what is said of a structure in each stratum of two patients or more: by its volume, by slice thickness."""
    every = strata(study, structure).items()
    return {name: judge(study, structure, here) for name, here in every if _drawn_in(study, structure, here) >= FEWEST}


def _left_out(study: Collected, structure: str) -> list[str]:
    """Return the strata that two halves cannot share, in words."""
    counts = {name: _drawn_in(study, structure, here) for name, here in strata(study, structure).items()}
    return [f"{name} ({count} patient(s))" for name, count in counts.items() if count < FEWEST]


def _strata(
    structure: str, parts: Mapping[str, Structure], left_out: Sequence[str], titles: Mapping[str, str], tests: int
) -> Grid:
    """Return each line with a width in each stratum."""
    rows, reasons = [], []
    for name, part in parts.items():
        group = f"{name}: {part.patients} patients, boundaries {part.disagreement_mm:.2f} mm apart"
        for judged in part.lines.values():
            if judged.best is not None and judged.one_hot is not None:
                reasons += [f"{name}: {judged.one_hot.brier.reason}"] if judged.one_hot.brier.reason else []
                cells = [str(part.patients), words.agreed(judged.line, judged.best, judged.by_entropy)]
                cells += [words.difference(judged.one_hot.brier), judged.one_hot.said]
                rows.append(_row(words.title(judged.line, titles), cells, group))
    notes = [f"{reason}: means without an interval." for reason in dict.fromkeys(reasons)]
    if tests:
        notes.append(f"Verdicts are adjusted by Holm's method for the {tests} of all strata and structures.")
    if left_out:
        notes.append(f"Not shown, since two halves need two patients: {', '.join(left_out)}.")
    title = f"{structure.replace('_', ' ')}: by size and slice thickness"
    return Grid(OF_STRATA, tuple(rows), "Soft label", title=title, notes=tuple(notes))


def _drawn_in(study: Collected, structure: str, here: np.ndarray) -> int:
    scores = study.by_patient(ONE_HOT, "brier", structure, "band")[0]
    return int(np.count_nonzero(~np.isnan(scores) & here))


def numbers(judged: Sequence[Structure]) -> pd.DataFrame:
    """Return all numbers unrounded, a row a structure and line."""
    rows = []
    for structure in judged:
        for name, line in structure.lines.items():
            best, verdict = line.best, line.one_hot
            row: dict[str, object] = {"structure": structure.name, "line": name, "patients": structure.patients}
            row |= {f"setting_{half + 1}": words.setting(line.line, trial) for half, trial in enumerate(line.chosen)}
            row |= {f"brier_{region}": line.brier[region] for region in REGIONS}
            row |= {f"cross_entropy_{floor:g}": v for floor, v in zip(FLOORS, line.cross_entropy, strict=True)}
            row |= {"label_ece": line.calibration.error}
            row |= {"label_ece_low": line.calibration.low, "label_ece_high": line.calibration.high}
            row |= {"ged": line.ged, "width_mm": line.width_mm}
            row |= {"disagreement_mm": structure.disagreement_mm}
            if best is not None:
                values = line.line.values
                row |= {"best": values[best.index], "range_low": values[best.first], "range_high": values[best.last]}
                row |= {"best_words": words.agreed(line.line, best, line.by_entropy)}
                picked = zip(FLOORS, line.by_entropy or (), strict=True)
                row |= {f"best_by_cross_entropy_{floor:g}": values[by.index] for floor, by in picked}
                row |= {"interval_low": best.low, "interval_high": best.high, "at_end": best.at_end}
                row |= {"best_at_end": best.index in (0, len(values) - 1)}
            if verdict is not None and line.mixed is not None:
                difference = verdict.brier
                row |= {"minus_one_hot": difference.mean, "low": difference.low, "high": difference.high}
                row |= {"mixed": line.mixed.mean, "mixed_low": line.mixed.low, "mixed_high": line.mixed.high}
                row |= {"p": verdict.p, "p_adjusted": verdict.adjusted, "against_one_hot": verdict.said}
            rows.append(row | {"against_lowest": line.leader.said if line.leader else ""})
    return pd.DataFrame(rows)


def paragraph(study: Collected, judged: Sequence[Structure], titles: Mapping[str, str], tests: int = 0) -> str:
    """Return the study in a few sentences: patients, disagreement, the best widths in mm, and the verdicts.

    `tests`: how many the verdicts are adjusted for.
    """
    adjusted = f"Verdicts are adjusted by Holm's method for {tests} tests." if tests else ""
    said = [_opening(study), *(_sentence(structure, titles) for structure in judged), adjusted, _limits(study)]
    return " ".join(part for part in said if part)


def _opening(study: Collected) -> str:
    raters = max(fact["raters"] for fact in study.facts)
    return f"{study.manifest['title']}: {len(study.patients)} patients, {len(study.facts)} cases, {raters} raters."


def _sentence(structure: Structure, titles: Mapping[str, str]) -> str:
    one_hot = structure.lines[ONE_HOT]
    widths = [
        f"{words.title(judged.line, titles)} {words.agreed(judged.line, judged.best, judged.by_entropy)}"
        for judged in structure.lines.values()
        if judged.line.unit == "mm" and judged.best is not None
    ]
    lowest = structure.lines[structure.leader]
    tie = "".join(
        f", {how.format(', '.join(names))}"
        for how, said in TIES.items()
        if (names := [words.title(line.line, titles) for line in structure.lines.values() if _is(line.leader, said)])
    )
    return (
        f"{structure.name.replace('_', ' ').capitalize()} ({structure.patients} patients): two raters' boundaries lie "
        f"{structure.disagreement_mm:.2f} mm apart. Best widths: {'; '.join(widths) or 'none in mm was tried'}. The "
        f"lowest Brier score in the band is that of {words.title(lowest.line, titles)}{tie}: "
        f"{number(lowest.brier['band'], 4)}{_against_one_hot(lowest, number(one_hot.brier['band'], 4))}."
    )


def _is(verdict: Verdict | None, said: str) -> bool:
    return verdict is not None and verdict.said == said


def _against_one_hot(lowest: Judged, score: str) -> str:
    """Return how the paragraph goes on after the lowest score; nothing where it is that of one-hot."""
    verdict = lowest.one_hot
    if verdict is None:
        return ""
    few = f" ({verdict.brier.reason})" if verdict.brier.reason else ""
    if verdict.said in (BETTER, LOWER):
        return f", lower than one-hot's {score}{few}"
    if verdict.said == REVERSED:
        return f", one-hot's is {score}; the floor of the cross-entropy decides which of the two is better{few}"
    return f", which noise does not tell from one-hot's {score}{few}"


def _limits(study: Collected) -> str:
    why = study.manifest["pseudo_raters"]
    if not why:
        return ""
    return (
        f"They are pseudo-raters: {why}. So differences within one structure are those of real people, but a rater's "
        "own habit cannot be followed from case to case."
    )
