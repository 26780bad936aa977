"""The two tables: each method over the average of the structures and its calibration, and each structure by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from softbench.errors import InputError
from softbench.metrics import catalogue
from softbench.own_predictions.parts import Settings, Show
from softbench.tables.assemble import Runs
from softbench.tables.parts import Table
from softbench.tables.table import build

CALIBRATION = (
    ("ece", "all"),
    ("ece", "foreground"),
    ("ece", "band"),
    ("tace", "all"),
    ("nll", "all"),
    ("brier", "all"),
)
LIBRARIES_DIFFER = "Libraries score empty masks each in their own way, and what one refuses to compute is undefined."
Columns = list[dict[str, Any]]


def overview(runs: Runs, settings: Settings, show: Show, notes: Sequence[str]) -> Table:
    """Build the table of the composites, or of the only structure, and of calibration where there are probabilities."""
    composites = composites_of(settings, show)
    columns = _overlap(list(composites) or list(structures_of(settings)), settings)
    if runs.reliability:
        columns += [{"metric": metric, "roi": roi} for metric, roi in CALIBRATION]
    return _build(runs, columns, show, show.title, composites, notes)


def by_structure(runs: Runs, settings: Settings, show: Show) -> Table:
    """Build the table of each structure's overlap and surface distance."""
    columns = _overlap(list(structures_of(settings)), settings)
    return _build(runs, columns, show, f"{show.title}: each structure", {}, ())


def cross_check(runs: Runs, settings: Settings, show: Show) -> Table | None:
    """Build the table of those of our scores that a library computed, too, beside its own; None where none did."""
    composites = composites_of(settings, show)
    rows = runs.scores[["structure", "metric", "roi"]].drop_duplicates()
    columns: Columns = []
    for name in [*(composites or structures_of(settings)), "all"]:
        here = rows[rows["structure"].isin(composites.get(name, (name,)))]
        columns += [{"metric": m, "structure": name, "roi": roi} for m, roi in _beside(here[["metric", "roi"]])]
    if not columns:
        return None
    alone = replace(show, control=None)  # libraries are compared with ours, not methods with each other
    return _build(runs, columns, alone, f"{show.title}: the same by other libraries", composites, [LIBRARIES_DIFFER])


def _beside(scored: pd.DataFrame) -> list[tuple[str, str]]:
    """Return each of our metrics and regions that a library computed, too, followed by the library's (`hd95@monai`)."""
    found = list(dict.fromkeys(scored.itertuples(index=False, name=None)))
    chosen: list[tuple[str, str]] = []
    for metric, roi in (one for one in found if "@" not in one[0]):
        peers = [(peer, where) for peer, where in found if where == roi and peer.startswith(f"{metric}@")]
        chosen += [(metric, roi), *peers] if peers else []
    return chosen


def check(settings: Settings, show: Show, methods: Sequence[str]) -> None:
    """Raise `InputError`, before anything is scored, if a composite or the control names what there is not."""
    known = structures_of(settings)
    for name, members in composites_of(settings, show).items():
        if name in known or name == "all":
            raise InputError(f"the composite {name!r} has the name of a structure. Rename it: --composite NAME=A,B.")
        if unknown := [member for member in members if member not in known]:
            raise InputError(f"--composite {name} names {', '.join(unknown)}; the structures are {', '.join(known)}.")
    if show.control is not None and show.control not in methods:
        raise InputError(f"--control must be one of {', '.join(methods)}, but is {show.control!r}.")
    if show.control is not None and len(methods) < 2:
        raise InputError(f"--control {show.control} needs another method to compare with it: --predictions NAME=DIR.")


def structures_of(settings: Settings) -> Mapping[str, tuple[int, ...]]:
    """Return the structures of complete settings."""
    assert settings.structures is not None, "settings are complete"
    return settings.structures


def composites_of(settings: Settings, show: Show) -> Mapping[str, tuple[str, ...]]:
    """Return the composites: as told, or the average of all structures where there are several."""
    names = tuple(structures_of(settings))
    if show.composites is not None:
        return show.composites
    return {"average": names} if len(names) > 1 else {}


def _overlap(names: Sequence[str], settings: Settings) -> Columns:
    surfaces = [catalogue.nsd_key(tolerance) for tolerance in settings.tolerances_mm]
    return [{"metric": metric, "structure": name} for name in names for metric in ("dsc", *surfaces, "hd95", "vs")]


def _build(
    runs: Runs,
    columns: Columns,
    show: Show,
    title: str,
    composites: Mapping[str, tuple[str, ...]],
    notes: Sequence[str],
) -> Table:
    scores = runs.scores
    names = list(dict.fromkeys(scores["method"]))
    control, more = _control(scores.groupby("method")["seed"].unique().map(set).to_dict(), show)
    methods = [{"key": name, "title": name, "control": control if name != control else None} for name in names]
    return build(scores, methods=methods, columns=columns, composites=composites, title=title, notes=[*notes, *more])


def _control(seeds: Mapping[str, set[int]], show: Show) -> tuple[str | None, list[str]]:
    """Return the control, or a sentence that says why no difference to it is shown."""
    if show.control is None:
        return None, []
    common = [len(found & seeds[show.control]) for name, found in seeds.items() if name != show.control]
    if max(common) > 1:
        return show.control, []
    return None, [
        f"Differences to {show.control} are not shown: they are paired over seeds, and no method has two seeds in "
        "common with it, so nothing says how large a difference noise makes."
    ]
