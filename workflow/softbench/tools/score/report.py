"""What the reader gets: tables in four forms, reliability diagrams, and one page with both."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.errors import InputError, in_words
from softbench.extras import explained
from softbench.jobs import provenance
from softbench.lesion_words import counted
from softbench.metrics import catalogue
from softbench.metrics.lesions import Matching
from softbench.page import page
from softbench.tables import forms, over_raters
from softbench.tables.assemble import Runs
from softbench.tables.cells import Table
from softbench.tables.sheet import Sheet
from softbench.tables.table import build
from softbench.tables.views import results
from softbench.tools.command import print_progress
from softbench.tools.score.inputs import Settings, Show, Source

PACKAGE = __name__.partition(".")[0]
LIBRARIES = ("numpy", "scipy", "pandas", "nibabel")  # those that decide a score
CALIBRATION = (
    *(("ece", roi) for roi in ("all", "foreground", "band")),
    ("tace", "all"),
    ("nll", "all"),
    ("brier", "all"),
)
LIBRARIES_DIFFER = "Libraries score empty masks each in their own way, and what one refuses to compute is undefined."
Columns = list[dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """A table: its title, the metrics of each structure, and metrics and regions of all classes."""

    title: str
    metrics: tuple[str, ...] = ()
    of_all: tuple[tuple[str, str], ...] = ()


ROIS = ("all", "foreground", "band")
ALSO: dict[str, dict[str, Asked]] = {  # tables, by their file's name, of what `--also` names
    "raters": {
        "raters": Asked(
            "All raters together",
            (*("agreement", "ged", "ged_unbiased", "ged_mask", "raters_drew"),),
        ),
        "volume": Asked(
            "Volume, against all raters",
            (
                *("volume_bias", "volume_bias_percent", "volume_crps", "volume_coverage", "volume_width"),
                *("volume_bias_mask", "volume_bias_mask_percent", "volume_crps_mask"),
            ),
        ),
        "rater_mean": Asked(
            "Calibration against the raters' mean",
            of_all=(
                *(("ece_rater_mean", roi) for roi in ROIS),
                *(("brier_rater_mean", roi) for roi in ROIS),
                *(("nll_rater_mean", roi) for roi in ROIS),
            ),
        ),
    },
    "lesions": {
        "lesions": Asked("Lesions", ("lesion_dsc", "lesion_hd95", "lesion_f1", "lesion_recall", "lesion_precision")),
    },
    "centrelines": {"centrelines": Asked("Centrelines", ("cldice",))},
}
SUFFIXES = (".csv", ".md", ".tex", ".html")


def write(
    runs: Runs,
    settings: Settings,
    show: Show,
    sources: Sequence[Source],
    references: Sequence[Path],
    output: Path,
    notes: Sequence[str] = (),
) -> Table:
    """Write `tables/`, `figures/` and `index.html` below `output`, and return the first table.

    Args:
        runs: of all sources.
        settings: complete.
        show: title, control and composites.
        sources: the predictions, to say where they lie.
        references: the folders of the raters.
        output: where it goes.
        notes: what readers of a table must know about the files.
    """
    names = list(list_structures(settings))
    tables = {
        "scores": overview(runs, settings, show, [*_notes(runs, settings, len(references)), *notes]),
        "structures": _build(runs, _overlap(names, settings), show, f"{show.title}: each structure", {}, notes),
    }
    asked = _asked(runs, settings, show)
    tables |= asked
    if checked := cross_check(runs, settings, show):
        tables["cross_check"] = checked
    for name, table in tables.items():
        for suffix in SUFFIXES:
            forms.write(results.sheet(table), output / "tables" / f"{name}{suffix}")
    agreement = _agreement(runs, settings, show)
    if agreement:
        for suffix in SUFFIXES:
            forms.write(agreement, output / "tables" / f"rater_agreement{suffix}")
    sections = [_section("Scores", tables["scores"])]
    if runs.reliability:
        sections.append(_diagrams(runs, show, references, output / "figures"))
    if len(names) > 1:
        sections.append(_section("Each structure", tables["structures"]))
    titles = {file: wanted.title for name in settings.also for file, wanted in ALSO[name].items()}
    sections += [_section(titles[file], table) for file, table in asked.items()]
    if agreement:
        sections.append({"title": agreement.title, "html": forms.text(agreement, ".html")})
    if checked:
        sections.append(_section("The same by other libraries", checked))
    traced = _provenance(runs, settings, sources, references)
    page.write(output / "index.html", title=show.title, sections=sections, provenance=traced)
    return tables["scores"]


def _section(title: str, table: Table) -> dict[str, Any]:
    """Return a table for the page, where the section's title is the table's."""
    return {"title": title, "html": forms.text(results.sheet(replace(table, title=title)), ".html")}


def _notes(runs: Runs, settings: Settings, raters: int) -> list[str]:
    """Return what a reader of the first table must know besides what every table says."""
    measured = {key[0] for key in runs.reliability}
    maps = [name for name in dict.fromkeys(runs.scores["method"]) if name not in measured]
    notes = []
    if maps:
        only = "are label maps" if len(maps) > 1 else "has label maps"
        notes.append(f"{in_words(maps)} {only}: without probabilities there is no calibration to measure.")
    if measured:
        notes.append(
            f"Boundary band: voxels within {settings.band_mm:g} mm of another class, or one voxel if that is more."
        )
    if raters > 1:
        notes.append(f"Each case's score is the mean over its {raters} raters.")
    return notes


def _diagrams(runs: Runs, show: Show, references: Sequence[Path], folder: Path) -> dict[str, Any]:
    """Draw the reliability diagrams of the methods that have probabilities; say why not where nothing can draw."""
    try:  # here: label maps need none of the drawing libraries
        from softbench.figures import pictures, reliability
    except ModuleNotFoundError as error:
        said = str(explained(error, "a reliability diagram"))
        print_progress(f"WARNING: {said}")
        return {"title": "Reliability", "html": "", "note": said}

    measured = {key[0] for key in runs.reliability}
    methods = [{"key": name, "title": name} for name in dict.fromkeys(runs.scores["method"]) if name in measured]
    png = folder / "reliability.png"
    figure = reliability.draw(runs.reliability, title=f"Reliability: {show.title}", methods=methods)
    pictures.save(figure, [png, folder / "reliability.pdf"], reliability.CAPTION)
    whose = f" Against all {len(references)} raters together." if len(references) > 1 else ""
    return {"title": "Reliability", "html": "", "figures": [png], "caption": reliability.CAPTION + whose}


def _provenance(
    runs: Runs, settings: Settings, sources: Sequence[Source], references: Sequence[Path]
) -> Mapping[str, str]:
    """Return what a reader needs to trace the numbers."""
    structures = list_structures(settings)
    calibration = {"calibration": f"{settings.bins} bins; band of {settings.band_mm:g} mm"} if runs.reliability else {}
    return {
        **{f"{source.method}, seed {source.seed}": os.path.realpath(source.folder) for source in sources},
        **{f"references {number}": os.path.realpath(folder) for number, folder in enumerate(references, start=1)},
        "structures": "; ".join(f"{name} = {', '.join(map(str, ids))}" for name, ids in structures.items()),
        "classes": str(settings.classes),
        **calibration,
        **_lesions(settings),
        "divided by their sums": "where needed (--renormalise)" if settings.renormalise else "no",
        "ignored label": "none" if settings.ignore_label is None else str(settings.ignore_label),
        "commit": provenance.commit(_code()),
        **{name: version for name, version in provenance.versions().items() if name in LIBRARIES},
    }


def _lesions(settings: Settings) -> Mapping[str, str]:
    """Return how lesions are counted, where they are."""
    if "lesions" not in settings.also:
        return {}
    return {"lesions": ", ".join(f"{name} {value:g}" for name, value in _matching(settings).items())}


def _matching(settings: Settings) -> dict[str, float]:
    return asdict(Matching(**settings.lesion_matching))


def _code() -> list[Path]:
    """Return the source files that this command runs, which decide its scores."""
    loaded = [(name, getattr(module, "__file__", None)) for name, module in sys.modules.items()]
    return sorted(Path(file) for name, file in loaded if file and name.partition(".")[0] == PACKAGE)


def overview(runs: Runs, settings: Settings, show: Show, notes: Sequence[str]) -> Table:
    """Build the table of the composites, or of the only structure, and of calibration where there are probabilities."""
    composites = list_composites(settings, show)
    columns = _overlap(list(composites) or list(list_structures(settings)), settings)
    if runs.reliability:
        columns += [{"metric": metric, "roi": roi} for metric, roi in CALIBRATION]
    return _build(runs, columns, show, show.title, composites, notes)


def _asked(runs: Runs, settings: Settings, show: Show) -> dict[str, Table]:
    """Build the tables of what `--also` names, by the names of their files, those without a column left out."""
    measured, composites = set(runs.scores["metric"]), list_composites(settings, show)
    names = [*list_structures(settings), *composites]
    tables = {}
    for asked in settings.also:
        for file, wanted in ALSO[asked].items():
            metrics = [metric for metric in wanted.metrics if metric in measured]  # label maps have no probabilities
            columns: Columns = [{"metric": metric, "structure": name} for name in names for metric in metrics]
            columns += [{"metric": metric, "roi": roi} for metric, roi in wanted.of_all if metric in measured]
            if columns:
                how = [counted(_matching(settings))] if asked == "lesions" else []
                tables[file] = _build(runs, columns, show, f"{show.title}: {wanted.title.lower()}", composites, how)
    return tables


def _agreement(runs: Runs, settings: Settings, show: Show) -> Sheet | None:
    """Return the agreement with the raters with its intervals; None where it was not asked for."""
    composites = list_composites(settings, show)
    titles = {name: name for name in dict.fromkeys(runs.scores["method"])}
    names = [*list_structures(settings), *composites]
    found = list(over_raters.lines(runs.scores, titles, names, composites=composites))
    return over_raters.sheet("Agreement with the raters", found, same_people=True) if found else None


def cross_check(runs: Runs, settings: Settings, show: Show) -> Table | None:
    """Build the table of those of our scores that a library computed, too, beside its own; None where none did."""
    composites = list_composites(settings, show)
    rows = runs.scores[["structure", "metric", "roi"]].drop_duplicates()
    columns: Columns = []
    for name in [*(composites or list_structures(settings)), "all"]:
        here = rows[rows["structure"].isin(composites.get(name, (name,)))]
        columns += [{"metric": m, "structure": name, "roi": roi} for m, roi in _beside(here[["metric", "roi"]])]
    if not columns:
        return None
    alone = replace(show, control=None)  # libraries are compared with ours, not methods with each other
    return _build(runs, columns, alone, f"{show.title}: the same by other libraries", composites, [LIBRARIES_DIFFER])


def _beside(scored: pd.DataFrame) -> list[tuple[str, str]]:
    """Return each of our metrics and regions that a library computed, too, followed by the library's (`hd95@monai`)."""
    measured = list(dict.fromkeys(scored.itertuples(index=False, name=None)))
    chosen: list[tuple[str, str]] = []
    for metric, roi in (key for key in measured if "@" not in key[0]):
        peers = [(peer, where) for peer, where in measured if where == roi and peer.startswith(f"{metric}@")]
        chosen += [(metric, roi), *peers] if peers else []
    return chosen


def check(settings: Settings, show: Show, methods: Sequence[str]) -> None:
    """Raise `InputError`, before anything is scored, if a composite or the control names what there is not."""
    known = list_structures(settings)
    for name, members in list_composites(settings, show).items():
        if name in known or name == "all":
            raise InputError(f"the composite {name!r} has the name of a structure. Rename it: --composite NAME=A,B.")
        if unknown := [member for member in members if member not in known]:
            raise InputError(f"--composite {name} names {', '.join(unknown)}; the structures are {', '.join(known)}.")
    if show.control is not None and show.control not in methods:
        raise InputError(f"--control must be one of {', '.join(methods)}, but is {show.control!r}.")
    if show.control is not None and len(methods) < 2:
        raise InputError(f"--control {show.control} needs another method to compare with it: --predictions NAME=DIR.")


def list_structures(settings: Settings) -> Mapping[str, tuple[int, ...]]:
    """Return the structures of complete settings."""
    assert settings.structures is not None, "settings are complete"
    return settings.structures


def list_composites(settings: Settings, show: Show) -> Mapping[str, tuple[str, ...]]:
    """Return the composites: as told, or the average of all structures where there are several."""
    names = tuple(list_structures(settings))
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
    common = [len(own & seeds[show.control]) for name, own in seeds.items() if name != show.control]
    if max(common) > 1:
        return show.control, []
    return None, [
        f"Differences to {show.control} are not shown: they are paired over seeds, and no method has two seeds in "
        "common with it, so nothing says how large a difference noise makes."
    ]
