"""What the reader gets: tables in four forms, reliability diagrams, and one page with both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from softbench.figures import pictures, reliability
from softbench.jobs import provenance
from softbench.own_predictions import tables
from softbench.own_predictions.parts import Settings, Show, Source
from softbench.page import page
from softbench.tables import forms, scores
from softbench.tables.assemble import Runs
from softbench.tables.parts import Table

LIBRARIES = ("numpy", "scipy", "pandas", "nibabel")  # those that decide a score
SUFFIXES = (".csv", ".md", ".tex", ".html")


def write(
    runs: Runs, settings: Settings, show: Show, sources: Sequence[Source], references: Sequence[Path], output: Path
) -> Table:
    """Write `tables/`, `figures/` and `index.html` below `output`, and return the first table.

    Args:
        runs: of all sources.
        settings: complete.
        show: title, control and composites.
        sources: the predictions, to say where they lie.
        references: the folders of the raters.
        output: where it goes.
    """
    notes = _notes(runs, settings, len(references))
    found = {
        "scores": tables.overview(runs, settings, show, notes),
        "structures": tables.by_structure(runs, settings, show),
    }
    if checked := tables.cross_check(runs, settings, show):
        found["cross_check"] = checked
    for name, table in found.items():
        for suffix in SUFFIXES:
            forms.write(scores.sheet(table), output / "tables" / f"{name}{suffix}")
    sections = [_section("Scores", found["scores"])]
    if runs.reliability:
        sections.append(_diagrams(runs, show, references, output / "figures"))
    if len(tables.structures_of(settings)) > 1:
        sections.append(_section("Each structure", found["structures"]))
    if checked:
        sections.append(_section("The same by other libraries", checked))
    about = _provenance(runs, settings, sources, references)
    page.write(output / "index.html", title=show.title, sections=sections, provenance=about)
    return found["scores"]


def _section(title: str, table: Table) -> dict[str, Any]:
    """Return a table for the page, where the section's title is the table's."""
    return {"title": title, "html": forms.text(scores.sheet(replace(table, title=title)), ".html")}


def _notes(runs: Runs, settings: Settings, raters: int) -> list[str]:
    """Return what a reader of the first table must know besides what every table says."""
    measured = {key[0] for key in runs.reliability}
    maps = [name for name in dict.fromkeys(runs.scores["method"]) if name not in measured]
    notes = []
    if maps:
        only = "are label maps" if len(maps) > 1 else "has label maps"
        notes.append(f"{' and '.join(maps)} {only}: without probabilities there is no calibration to measure.")
    if measured:
        notes.append(
            f"Boundary band: voxels within {settings.band_mm:g} mm of another class, or one voxel if that is more."
        )
    if raters > 1:
        notes.append(f"Each case's score is the mean over its {raters} raters.")
    if settings.ignore_label is not None:
        notes.append(f"Voxels that a rater labelled {settings.ignore_label} count for nothing.")
    return notes


def _diagrams(runs: Runs, show: Show, references: Sequence[Path], folder: Path) -> dict[str, Any]:
    """Draw the reliability diagrams of the methods that have probabilities."""
    measured = {key[0] for key in runs.reliability}
    methods = [{"key": name, "title": name} for name in dict.fromkeys(runs.scores["method"]) if name in measured]
    png = folder / "reliability.png"
    figure = reliability.draw(runs.reliability, title=f"Reliability: {show.title}", methods=methods)
    pictures.save(figure, [png, folder / "reliability.pdf"], reliability.CAPTION)
    whose = f" Against the first rater, {references[0].name}." if len(references) > 1 else ""
    return {"title": "Reliability", "html": "", "figures": [png], "caption": reliability.CAPTION + whose}


def _provenance(
    runs: Runs, settings: Settings, sources: Sequence[Source], references: Sequence[Path]
) -> Mapping[str, str]:
    """Return what a reader needs to trace the numbers."""
    structures = tables.structures_of(settings)
    calibration = {"calibration": f"{settings.bins} bins; band of {settings.band_mm:g} mm"} if runs.reliability else {}
    return {
        **{f"{source.method}, seed {source.seed}": str(source.folder.resolve()) for source in sources},
        **{f"references {number}": str(folder.resolve()) for number, folder in enumerate(references, start=1)},
        "structures": "; ".join(f"{name} = {', '.join(map(str, ids))}" for name, ids in structures.items()),
        "classes": str(settings.classes),
        **calibration,
        "ignored label": "none" if settings.ignore_label is None else str(settings.ignore_label),
        "commit": provenance.commit(),
        **{name: version for name, version in provenance.versions().items() if name in LIBRARIES},
    }
