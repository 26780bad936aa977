"""Rows of figures that show cases: cases chosen by a rule fixed before anybody looks, and what methods predict."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from softbench import datasets, images
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.errors import InputError
from softbench.figures import pictures
from softbench.figures.pictures import NOT_RUN
from softbench.jobs import pieces, storage
from softbench.tables.sheet import digits, number

VERSION = 2
QUANTILES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
RULE_WORDS = {"lower_quartile": "lower quartile", "median": "median", "upper_quartile": "upper quartile"}
FAILED = "no finished run"
NO_POSITION = "random case"  # the rule of a case of a data set whose patients have one each
NOT_FOUND = (
    "In {cases} shown no method predicts {what} where it is (DSC 0): the picture tells where the reference lies, and "
    "no more. Networks that are trained briefly, as in a rehearsal, miss thin and rare structures."
)
FOREGROUND_WORDS = "all structures together"
FOREGROUND = "foreground"  # all classes but background: not scored as such, so the mean over structures stands for it
Predicted = Callable[[str, Path, str], np.ndarray]  # method, folder of its seed, case -> label map or probabilities


@dataclass(frozen=True)
class Choice:
    """A case, the rule that chose it (of `QUANTILES`, or "position 2"), its DSC, and among how many it was chosen."""

    case: str
    rule: str
    dsc: float
    cases: int


def dsc_by_case(
    scores: pd.DataFrame, method: str, structure: str = FOREGROUND, seed: int | None = None, prediction: str = "raw"
) -> pd.Series:
    """Return a method's DSC of each test case, on the full grid: the mean over raters, seeds and structures.

    Args:
        scores: the tidy table of one experiment and network.
        method: its key.
        structure: one that was scored, or "foreground": the mean over all.
        seed: this one alone; None: all.
        prediction: of runs, "raw"; of ensembles, which have no seed, "ensemble".
    Returns: DSC by case, sorted by case; undefined values (both masks empty) enter no mean, and a case without any
        defined value is left out.
    """
    dsc = (scores["metric"] == "dsc") & (scores["grid"] == "full") & (scores["prediction"] == prediction)
    rows = scores[dsc & (scores["method"] == method) & (scores["case"] != "pooled")]
    if structure != FOREGROUND:
        rows = rows[rows["structure"] == structure]
    if seed is not None:
        rows = rows[rows["seed"] == seed]
    return rows.groupby("case", observed=True)["value"].mean().dropna().sort_index()


def choose(dsc: pd.Series, rules: Sequence[str]) -> list[Choice]:
    """Return the case of each rule: that at a quantile of the cases by DSC, the lower where it lies between two.

    Args:
        dsc: by case; equal values are ordered by the case's name.
        rules: keys of `QUANTILES`.
    Raises: InputError: if there is no case.
    """
    if dsc.empty:
        raise InputError("no test case has a DSC, so none can be chosen to be shown. Is the structure in the data?")
    ordered = dsc.reset_index().sort_values([dsc.name or "value", "case"], ignore_index=True)
    places = {rule: int(QUANTILES[rule] * (len(ordered) - 1)) for rule in rules}
    return [
        Choice(str(ordered["case"][n]), rule, float(ordered.iloc[n, 1]), len(ordered)) for rule, n in places.items()
    ]


def case_positions(cases: pd.DataFrame) -> dict[str, int]:
    """Return the place of each case among those of its patient, from 1, in the order of their names.

    Args:
        cases: a data set's table, with columns case and patient. SAROS names slices from the feet upwards.
    """
    ordered = cases.sort_values("case")
    places = ordered.groupby("patient", observed=True).cumcount() + 1
    return {str(case): int(place) for case, place in zip(ordered["case"], places, strict=True)}


def draw_positions(dsc: pd.Series, cases: pd.DataFrame, count: int) -> list[Choice]:
    """Return a case for each position, drawn at random by a hash of its name, of different patients where possible.

    Args:
        dsc: of the test cases, by case.
        cases: as in `case_positions`. Where no patient has two cases there are no positions: so many are drawn of all.
        count: how many positions there are; one that no test case has is left out.
    Raises: InputError: if there is no case.
    """
    if dsc.empty:
        raise InputError("no test case has a DSC, so none can be chosen to be shown. Is the structure in the data?")
    places = case_positions(cases)
    patients = {str(case): patient for case, patient in zip(cases["case"], cases["patient"], strict=True)}
    drawn = sorted(map(str, dsc.index), key=lambda case: hashlib.sha256(case.encode()).hexdigest())
    if max(places.values()) == 1:
        return [Choice(case, NO_POSITION, float(dsc[case]), len(drawn)) for case in drawn[:count]]
    found: list[Choice] = []
    for place in range(1, count + 1):
        here = [case for case in drawn if places[case] == place]
        shown = {patients[choice.case] for choice in found}
        fresh = [case for case in here if patients[case] not in shown] or here
        found += [Choice(case, f"position {place}", float(dsc[case]), len(here)) for case in fresh[:1]]
    return found


def chosen_words(choice: Choice, by: str, where: str) -> str:
    """Say which case was chosen, and how."""
    if choice.rule not in RULE_WORDS:
        at = "" if choice.rule == NO_POSITION else f" at {choice.rule}"
        score = f"DSC {number(choice.dsc, digits('dsc', '1'))}; {by}"
        return f"{where}: {choice.case}, drawn at random from {choice.cases} test cases{at} ({score})"
    return (
        f"{where}: {choice.case}, at the {RULE_WORDS[choice.rule]} of the DSC over {choice.cases} test cases "
        f"({number(choice.dsc, digits('dsc', '1'))}; {by})"
    )


@dataclass(frozen=True)
class CaseRow:
    """One case of one experiment.

    name: at its left. case: None where nothing was run; then `reason` says why. structures: name -> class ids.
    predicted: method -> label map (...) or probabilities (C, ...); a method without a finished run is not there.
    dsc: method -> that of this case and seed. about: the words for the caption. seeds: method -> the one shown, None of
    an ensemble.
    """

    name: str
    case: Case | None = None
    structures: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    predicted: Mapping[str, np.ndarray] = field(default_factory=dict)
    dsc: Mapping[str, float] = field(default_factory=dict)
    about: str = ""
    reason: str = NOT_RUN
    seeds: Mapping[str, int | None] = field(default_factory=dict)


def rows(panel: Mapping[str, Any], settings: Mapping[str, Any], predicted: Predicted | None = None) -> list[CaseRow]:
    """Return the rows of one experiment.

    Args:
        panel: what the workflow knows of it: `name`, and either `reason`, or `data` (folder), `structure` and `runs`
            (method -> title and batches, and `ensemble`, which lists it, where that is shown in the place of a run).
            `part`, where a part of each case is scored: its lengths.
        settings: of the figure: `methods` (or `arms`), and where wanted `cases` (rules) or `positions` (how many), and
            `chosen_by` (a method).
        predicted: gives what a method's seed makes of a case; its stored label maps where None.
    Returns: one row for each rule; a single one with a reason where there is nothing to show.
    """
    if "reason" in panel:
        return [CaseRow(panel["name"], reason=panel["reason"], about=f"{panel['name']}: {panel['reason']}")]
    seeds = {method: find_done(method, run) for method, run in panel["runs"].items()}
    done = {method: seed for method, seed in seeds.items() if seed is not None}
    by = settings.get("chosen_by") or next(iter(panel["runs"]))
    if by not in done:
        why = f"every run of {panel['runs'][by]['title']}, which chooses the cases, failed"
        return [CaseRow(panel["name"], reason=FAILED, about=f"{panel['name']}: {why}")]
    dsc = {
        method: dsc_by_case(
            _read_dsc(folder), method, panel["structure"], seed, "raw" if seed is not None else "ensemble"
        )
        for method, (seed, folder) in done.items()
    }
    dataset = scored_data(panel)
    shown, give = titles(settings), predicted or label_maps(dataset)
    return [
        CaseRow(
            f"{panel['name']}\n{RULE_WORDS.get(choice.rule, choice.rule)}",
            dataset.load(choice.case),
            select_structures(dataset, panel["structure"]),
            {method: give(method, folder, choice.case) for method, (_, folder) in done.items() if method in shown},
            {method: float(values.get(choice.case, np.nan)) for method, values in dsc.items()},
            _about(panel, choice, by, {method: seed for method, (seed, _) in done.items()}),
            seeds={method: seed for method, (seed, _) in done.items()},
        )
        for choice in _choices(dsc[by], dataset, settings)
    ]


def _choices(dsc: pd.Series, dataset: Dataset, settings: Mapping[str, Any]) -> list[Choice]:
    """Return the cases that a figure shows."""
    if "positions" in settings:
        return draw_positions(dsc, dataset.cases, settings["positions"])
    return choose(dsc, settings.get("cases", ["median"]))


def _about(panel: Mapping[str, Any], choice: Choice, by: str, seeds: Mapping[str, int | None]) -> str:
    """Say which case is shown, and of which seed of each method."""
    names = {method: "ensemble" if seed is None else f"seed {seed}" for method, seed in seeds.items()}
    words = chosen_words(choice, f"{panel['runs'][by]['title']}, {names[by]}", panel["name"])
    odd = [f"; of {panel['runs'][method]['title']} {name}" for method, name in names.items() if name != names[by]]
    part = ", on the part of the case that is scored" if "part" in panel else ""
    return (
        f"{words}. Shown is the {'ensemble' if seeds[by] is None else 'same seed'} of each method{''.join(odd)}{part}"
    )


def _read_dsc(folder: Path) -> pd.DataFrame:
    """Return the rows of the DSC in the scores of a seed."""
    how: dict[str, Any] = {"filters": [("metric", "==", "dsc")]}
    return storage.read_parquet(folder / "scores.parquet", *storage.lists_of(folder), **how)


def find_done(method: str, run: Mapping[str, Any]) -> tuple[int | None, Path] | None:
    """Return the seed and folder of what is shown of a method: its ensemble if asked for, else the first seed that is
    finished; None where there is none."""
    if "ensemble" not in run:
        return first_done(run["batches"])
    records = pieces.read_joint([Path(run["ensemble"])], [method])
    made = [record.path.parent / "ensemble" for record in records if record.content["status"] == "done"]
    return (None, made[0]) if made else None


def first_done(batches: Iterable[Path | str]) -> tuple[int, Path] | None:
    """Return the first seed that was trained and scored, and its folder; None where all failed."""
    for path in map(Path, batches):
        for seed, outcome in storage.read_json(path)["seeds"].items():
            if outcome["status"] == "done":
                return int(seed), path.parent / f"seed-{seed}"
    return None


def select_structures(dataset: Dataset, structure: str = FOREGROUND) -> dict[str, tuple[int, ...]]:
    """Return the class ids of the structures to show: one by its name, or all where it is "foreground"."""
    every = dataset.structures
    return dict(every) if structure == FOREGROUND else {structure: every[structure]}


def scored_data(panel: Mapping[str, Any]) -> Dataset:
    """Open the data set of an experiment: whole cases, or of each the part that is scored."""
    dataset = datasets.open(panel["data"])
    return dataset.cropped(panel["part"]) if "part" in panel else dataset


def label_maps(dataset: Dataset) -> Predicted:
    """Give the label maps that scoring kept, on the grid of the data set; files hold that of whole cases."""

    def read(method: str, folder: Path, case: str) -> np.ndarray:
        stored = images.read(folder / "predictions" / f"{case}.nii.gz").array  # of a 2-D case one slice
        whole = stored.astype(np.uint8).reshape(dataset.shape(case))
        return np.ascontiguousarray(whole[dataset.box(case)])

    return read


def titles(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the titles of the methods that a figure shows, in its order."""
    of_arms = [method for arm in settings.get("arms", {}).values() for method in arm]
    return {method: settings["titles"][method] for method in [*settings.get("methods", []), *of_arms]}


def members(row: CaseRow) -> tuple[int, ...]:
    """Return the class ids of a row's structures together."""
    return tuple(sorted({class_id for ids in row.structures.values() for class_id in ids}))


def share(probabilities: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """Return the probability of a structure (...): the sum over its classes."""
    return np.asarray(probabilities)[list(ids)].sum(axis=0)


def nothing_at_hand(shown: Sequence[CaseRow]) -> list[str]:
    """Return why each experiment has nothing to show; nothing where one has."""
    return [row.about for row in shown] if all(row.case is None for row in shown) else []


def blank(axes: Sequence[Axes], reason: str) -> None:
    """Fill the axes of a row that has no case: the first says why, the others are empty."""
    for axis in axes:
        pictures.bare(axis)
    pictures.empty(axes[0], reason)


def captioned(text: str, shown: Sequence[CaseRow]) -> str:
    """Return a caption with what it says of each row, and of those in which no method finds what is shown."""
    return " ".join([text, f"{'. '.join(row.about for row in shown)}.", *_not_found(shown)])


def _not_found(shown: Sequence[CaseRow]) -> list[str]:
    """Say in how many rows every method has a DSC of 0: there a picture tells where the reference lies, and no more."""
    there = [row for row in shown if row.case is not None and row.dsc]
    lacking = [row for row in there if not any(value > 0 for value in row.dsc.values())]
    if not lacking:
        return []
    names = dict.fromkeys(pictures.spelled(name) for row in lacking for name in row.structures)
    some = "" if len(lacking) == len(there) else f"{len(lacking)} of "
    cases = "the case" if len(there) == 1 else f"{some}the {len(there)} cases"
    return [NOT_FOUND.format(cases=cases, what=" and ".join(names))]
