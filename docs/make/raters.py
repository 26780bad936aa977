"""Fill docs/raters.md with results: `python -m make.raters results/rater_study results/rater_laboratory`.

`results/tables` as a further argument fills the table of networks that learn from two observers. Numbers stand between
two marks of a study, as its job wrote them; nothing of them is typed.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.tables.sheet import interval, number

from make import between_marks
from make.between_marks import copy_small, wrap
from make.markdown import DOCS, table

PAGE, PICTURES = DOCS / "raters.md", DOCS / "pictures"
MARKS = "<!-- raters: {0}, made by `python -m make.raters` -->", "<!-- end of raters: {0} -->"
STUDIES = ("kits2023", "lidc", "chase_db1", "phantom_nodule")
TRAINED = "rater_laboratory_trained"  # the table of networks trained on their labels
LABORATORY = "rater_laboratory"  # the folder of the panels of simulated raters
OBSERVERS = "chase_db1_shared"  # the table of networks trained on the labels of two observers
IN_SHORT = ("kits2023", "lidc", "chase_db1")
DATA = {"kits2023": "KiTS 2023", "lidc": "LIDC-IDRI", "chase_db1": "CHASE_DB1 (pixels)"}
IN_MM = {"blur_mm": "blur", "distance": "distance"}
STEP = (
    "The step in the curves of SVLS and of narrow blurs{0}: their kernel gives the voxel itself about half of the "
    "weight, and values between 0.3 and 0.7 are left to few voxels: unlabelled ones in a notch of the outline, which "
    "other raters fill more often than the label says, and labelled ones on a spur, which they draw less often."
)
NOTES = {  # below the pictures of a study
    "kits2023": STEP.format(" (mass and tumour)")
    + " The low point of kidney and mass near 0.42 is a ten-thousandth of "
    "the voxels: holes and gaps of one voxel, which the others leave out, too.",
    "lidc": STEP.format(""),
}
SHOWN = {"one_hot": "one-hot", "ls": "LS", "svls": "SVLS", **IN_MM}


def section(folder: Path, study: str) -> str:
    """Return what docs/raters.md says of a study: its paragraph, two pictures with captions, and its table."""
    paragraph, whole = (_read(folder / study / name) for name in ("paragraph.txt", "table.md"))
    shown = [
        f"![{_read(folder / study / f'{name}.txt').strip()}](pictures/raters_{study}_{name}.png)"
        for name in ("widths", "reliability")
    ]
    captions = [_read(folder / study / f"{name}.txt").strip() for name in ("widths", "reliability")]
    pictures = [f"{shown[n]}\n\n{wrap(captions[n])}" for n in range(2)]
    notes = [wrap(NOTES[study])] if study in NOTES else []
    return "\n\n".join([wrap(paragraph.strip()), *pictures, *notes, whole.strip()])


def paragraphs(folder: Path, studies: Iterable[str] = IN_SHORT) -> str:
    """Return the paragraphs of some studies, a point each."""
    return "\n".join(wrap(f"- {_read(folder / study / 'paragraph.txt').strip()}", indent="  ") for study in studies)


def summary(folder: Path, studies: Iterable[str] = IN_SHORT) -> str:
    """Return the table of the summary: a row a structure, with the widths in mm and the Brier scores in the band."""
    head = [
        "data",
        "structure",
        "patients",
        "raters’ edges apart (mm)",
        *(f"best width, {name}" for name in IN_MM.values()),
    ]
    head += [f"Brier, {name}" for name in SHOWN.values()]
    rows = [row for study in studies for row in _rows(folder, study)]
    return table(head, rows)


def _rows(folder: Path, study: str) -> Iterable[list[str]]:
    numbers = pd.read_csv(folder / study / "table.csv", keep_default_na=False, na_values=[""])
    for structure, part in numbers.groupby("structure", sort=False):
        lines = part.set_index("line")
        patients, apart = lines["patients"].iloc[0], lines["disagreement_mm"].iloc[0]
        scores = [f"{lines['brier_band'][name]:.4f}" for name in SHOWN]
        spans = [lines["best_words"][name] for name in IN_MM]
        yield [DATA[study], str(structure).replace("_", " "), str(patients), f"{apart:.2f}", *spans, *scores]


def fill(text: str, study: str, content: str) -> str:
    """Return a text with new content between the marks of a study; errors as `between_marks.fill`."""
    begin, end = (mark.format(study) for mark in MARKS)
    return between_marks.fill(text, (begin, end), content)


def _read(path: Path) -> str:
    if not path.exists():
        target = LABORATORY if path.parent.name in (LABORATORY, "tables") else f"rater_study_{path.parent.name}"
        raise InputError(f"{path} is missing. Run the study: `snakemake --cores all {target}`.")
    return path.read_text(encoding="utf-8")


def take(folder: Path) -> None:
    """Write the page and copy the pictures.

    Args:
        folder: of the results of all studies.
    Raises: InputError: if a study has not been run.
    """
    page = PAGE.read_text(encoding="utf-8")
    for study in STUDIES:
        page = fill(page, study, section(folder, study))
        for name in ("widths", "reliability"):
            copy_small(folder / study / f"{name}.png", PICTURES / f"raters_{study}_{name}.png")
    pieces.write_text(PAGE, fill(page, "summary", f"{summary(folder)}\n\n{paragraphs(folder)}"))


def laboratory(folder: Path) -> str:
    """Return what docs/raters.md says of simulated raters: paragraph, picture with caption, and both tables.

    Args:
        folder: of the panels' results; the table of networks lies in `tables/` beside it.
    """
    paragraph, caption, whole = (_read(folder / name).strip() for name in ("paragraph.txt", "curve.txt", "table.md"))
    networks = folder.parent / "tables" / f"{TRAINED}.md"
    picture = f"![{caption}](pictures/raters_laboratory.png)"
    parts = [wrap(paragraph), picture, wrap(caption), wrap(trained(networks.with_suffix(".csv")))]
    return "\n\n".join([*parts, _read(networks).strip(), whole])


def trained(path: Path) -> str:
    """Return in words how near the networks' probabilities are to the known distribution, of the table at `path`."""
    _read(path)
    rows = pd.read_csv(path)
    rows = rows[(rows["metric"] == "brier_truth") & (rows["roi"] == "band") & (rows["n_seeds"] > 1)]
    titles = dict(zip(rows["method"], rows["title"], strict=True))
    scores = ", ".join(f"{row.title} {number(row.mean, 4)}" for row in rows.itertuples())
    compared = [row for row in rows.itertuples() if row.control in titles]
    gaps = [
        f"{row.title} minus {titles[row.control]} {number(row.difference, 4, signed=True)} "
        f"{interval(row.difference_low, row.difference_high, 4)}"
        for row in compared
    ]
    beyond = ", ".join(str(row.title) for row in compared if row.beyond_noise) or "none"
    return (
        "Networks trained on labels of mixed raters, Brier score in the boundary band to the known distribution, mean "
        f"over {int(rows['n_seeds'].max())} seeds: {scores}. Differences, with 95 % intervals over seeds, each by "
        f"itself: {'; '.join(gaps)}. Beyond noise after adjustment for all differences of the table: {beyond}."
    )


def answers(folder: Path) -> str:
    """Return in a sentence from how many raters on mOH is better than SVLS of one, by habit."""
    _read(folder / "table.csv")
    numbers = pd.read_csv(folder / "table.csv", keep_default_na=False, na_values=[""], dtype={"enough": str})
    of_svls = numbers[numbers["label"] == "svls"].groupby("population", sort=False).first()
    told = ", ".join(f"{row.enough} ({str(name).replace('_', ' ')})" for name, row in of_svls.iterrows())
    worth = of_svls["worth"]["mixed"]
    return wrap(
        "With simulated raters on a phantom, whose distribution is known (`snakemake --cores all rater_laboratory`), "
        f"mOH is nearer to it than SVLS of one rater from this many raters on: {told}. One-hot of "
        f"one mixed rater has {worth:.1f} times the Brier score of SVLS of one, and about n times that of mOH of n."
    )


def take_laboratory(folder: Path) -> None:
    """Write what the page says of the panels of simulated raters, and copy the picture; errors as `take`."""
    copy_small(folder / "curve.png", PICTURES / "raters_laboratory.png")
    page = fill(PAGE.read_text(encoding="utf-8"), "laboratory", laboratory(folder))
    pieces.write_text(PAGE, fill(page, "answers", answers(folder)))


def observers(path: Path) -> str:
    """Return the table of networks that learn from two observers with all its columns, of the table at `path`."""
    tables = [block for block in _read(path).split("\n\n") if block.startswith("| Method |")]
    return tables[0].strip()


def take_observers(folder: Path) -> None:
    """Write the table of networks that learn from two observers into the page; `folder` of tables."""
    pieces.write_text(PAGE, fill(PAGE.read_text(encoding="utf-8"), OBSERVERS, observers(folder / f"{OBSERVERS}.md")))


TAKE = {LABORATORY: take_laboratory, "tables": take_observers}  # by the name of the folder; others are studies

if __name__ == "__main__":
    for argument in map(Path, sys.argv[1:]):
        TAKE.get(argument.name, take)(argument)
