"""The files of the laboratory: its table, its figure with a caption, and a paragraph."""

from collections.abc import Mapping
from pathlib import Path

from softbench.figures import pictures
from softbench.jobs import pieces
from softbench.rater_study.laboratory import curve_figure, curve_table
from softbench.rater_study.laboratory.curves import judge
from softbench.rater_study.laboratory.experiment import collect
from softbench.tables import forms

VERSION = 1
FORMS = (".csv", ".md", ".html")


def write(folder: Path, titles: Mapping[str, str]) -> None:
    """Write `table.*`, `curve.*` and `paragraph.txt` into the folder of the laboratory.

    Args:
        folder: with the manifest and the pieces.
        titles: of lines and populations.
    Raises: InputError: if a piece is missing.
    """
    study = collect(folder)
    panels = [judge(study, name) for name in study.scores]
    table = curve_table.sheet(study, panels, titles)
    for form in FORMS:
        forms.write(table, folder / f"table{form}")
    pieces.write_text(folder / "paragraph.txt", curve_table.paragraph(study, panels, titles) + "\n")
    paths = [folder / f"curve{form}" for form in (".png", ".pdf", ".txt")]
    pictures.save(curve_figure.draw(study, panels, titles), paths, curve_figure.caption(study, panels))
