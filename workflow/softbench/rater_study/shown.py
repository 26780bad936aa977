"""The files of a study: its table, two figures with captions, a paragraph, and all of it for the pages of docs."""

from collections.abc import Mapping
from pathlib import Path

from softbench.figures import pictures
from softbench.jobs import pieces
from softbench.rater_study import figure
from softbench.rater_study.collect import collect
from softbench.rater_study.report import report
from softbench.tables import forms

VERSION = 1
FORMS = (".csv", ".md", ".html")


def write(folder: Path, titles: Mapping[str, str], note: str = "") -> None:
    """Write `table.*`, `widths.*`, `reliability.*` and `paragraph.txt` into the folder of a study.

    Args:
        folder: with the manifest and the pieces.
        titles: of lines.
        note: a sentence about the numbers.
    Raises: InputError: as `judge.judge`, or if a piece is missing.
    """
    study = collect(folder)
    found = report(study, titles, note)
    for form in FORMS:
        forms.write(found.sheet, folder / f"table{form}")
    pieces.write_text(folder / "paragraph.txt", found.paragraph + "\n")
    pseudo = bool(study.manifest["pseudo_raters"])
    drawn = {
        "widths": (
            figure.draw_widths(study, found.structures, titles),
            figure.caption_of_widths(study, found.structures, note),
        ),
        "reliability": (
            figure.draw_reliability(study, found.structures, titles),
            figure.caption_of_reliability(study),
        ),
    }
    for name, (drawing, caption) in drawn.items():
        paths = [folder / f"{name}{form}" for form in (".png", ".pdf", ".txt")]
        pictures.save(drawing, paths, caption, pseudo_raters=pseudo)
