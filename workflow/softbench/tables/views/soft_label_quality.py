"""What soft labels are like before anything is trained: one row a soft label, means over the cases of a data set."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from softbench.jobs import storage
from softbench.tables.sheet import NOTHING, Sheet, number, plain
from softbench.tables.view import Given, View

VERSION = 2
COLUMNS = {  # column of quality.parquet -> heading, decimals
    "entropy": ("Entropy (nat)", 4),
    "softened_share": ("Softened voxels", 3),
    "band_width_mm": ("Width of the band (mm)", 2),
    "stray_mass": ("Mass on classes not near", 4),
    "sum_error": ("Largest sum error", 4),
    "argmax_flips": ("Argmax flips", 5),
    "kl": ("KL to truth (nat)", 4),
    "brier": ("Brier to truth", 4),
    "soft_dice": ("Soft Dice to truth", 3),
    "raters_kl": ("KL to raters' mean (nat)", 4),
    "raters_brier": ("Brier to raters' mean", 4),
    "raters_dice": ("Soft Dice to raters' mean", 3),
    "superpixels_asked": ("Superpixels asked for", 0),
    "superpixels_found": ("Superpixels found, median (range)", 0),
    "cut_share": ("Voxels in cut superpixels", 3),
}
OF_SUPERPIXELS = ("superpixels_fewest", "superpixels_most", "superpixels_off", "superpixels_cases")  # in the .csv alone
ABOUT = (
    "Each cell: mean over the cases of the data set. The width of the band is the volume of the softened voxels over "
    "the area of the class boundaries. KL, Brier and soft Dice compare with the true class probabilities, which "
    "phantoms know, and with the mean of the raters."
)
NO_BAND = 0.5  # share of softened voxels beyond which they are no band along the boundaries
ABOUT_NO_BAND = (
    "No band: more than half of all voxels are softened, far from any boundary too, so that their volume over the area "
    "of the boundaries is no width."
)
DASH = (
    "A dash: this soft label has no such measure. A row of dashes: it lies on a coarser grid than the images, or the "
    "program that wrote it measured nothing."
)
ABOUT_SUPERPIXELS = "Superpixels that hold more than one class are cut: in them labels are softened."


def summarise(stores: Mapping[str, Path]) -> pd.DataFrame:
    """Return a row a soft label: means over cases, in the columns that any of them has.

    Of the number of superpixels found it is the median, with the fewest, the most, and in how many of the cases the
    number is far off the request (`superpixel.map_facts`).

    Args:
        stores: title -> folder of a soft label, in the order of the rows. One that a program wrote by itself, without
            measuring anything, has an empty row.
    """
    rows = {title: _row(folder) for title, folder in stores.items()}
    table = pd.DataFrame(rows).T
    known = [name for name in (*COLUMNS, *OF_SUPERPIXELS) if name in table and table[name].notna().any()]
    return table[known].rename_axis("soft_label")


def _row(folder: Path) -> pd.Series:
    path = folder / "quality.parquet"
    if not path.exists() and not (folder / "provenance.json").exists():  # both are written by whoever measures
        return pd.Series(dtype=float)
    cases = storage.read_parquet(path, folder / "manifest.json").drop(columns="case")
    return pd.Series({**cases.mean(), **_superpixels(cases)}, dtype=float)


def _superpixels(cases: pd.DataFrame) -> dict[str, float]:
    if "superpixels_found" not in cases:
        return {}
    superpixels = cases["superpixels_found"]
    return {
        "superpixels_found": superpixels.median(),
        "superpixels_fewest": superpixels.min(),
        "superpixels_most": superpixels.max(),
        "superpixels_off": cases["superpixels_off"].sum(),
        "superpixels_cases": len(cases),
    }


def sheet(table: pd.DataFrame, title: str) -> Sheet:
    """Return the table of `summarise` as a reader sees it."""
    shown = [name for name in COLUMNS if name in table]
    heads = ["Soft label", *(COLUMNS[name][0] for name in shown)]
    rows = [[str(label), *(_cell(row, name) for name in shown)] for label, row in table.iterrows()]
    notes = [ABOUT_SUPERPIXELS, far_off(table)] if "superpixels_off" in table else []
    cells = {cell for row in rows for cell in row}
    notes += [*([ABOUT_NO_BAND] if "no band" in cells else []), *([DASH] if NOTHING in cells else [])]
    return Sheet(title, ABOUT, (plain(heads, rows),), tuple(notes), table.reset_index())


def _cell(row: pd.Series, name: str) -> str:
    if name == "band_width_mm" and row.get("softened_share", 0) > NO_BAND:
        return "no band"
    text = number(float(row[name]), COLUMNS[name][1])
    if name != "superpixels_found" or pd.isna(row[name]):
        return text
    return f"{text} ({row['superpixels_fewest']:.0f} to {row['superpixels_most']:.0f})"


def far_off(table: pd.DataFrame) -> str:
    """Return in how many cases of each soft label the number of superpixels is off by more than a factor of two."""
    known = table[table["superpixels_off"].notna()]
    counts = [
        f"{label} {row['superpixels_off']:.0f} of {row['superpixels_cases']:.0f}" for label, row in known.iterrows()
    ]
    return (
        "Cases whose number of superpixels is less than half or more than twice the number asked for "
        f"(the log of the map's job names them): {', '.join(counts)}."
    )


def view(given: Given) -> Sheet:
    """Return the sheet of a table's soft labels."""
    labels = given.needs["soft_labels"]
    stores = {row["title"]: Path(row["manifest"]).parent for row in labels["rows"]}
    return sheet(summarise(stores), labels["title"])


VIEW = View(
    name="soft_label_quality",
    file="quality_{table}",
    title="Soft labels before training",
    caption="What the soft labels are like before anything is trained: entropy, softened band, distance to the truth "
    "where it is known.",
    needs=("soft_labels",),
    applies=lambda given: (
        "" if given.needs["soft_labels"]["rows"] else "there is no data at hand to make soft labels of"
    ),
    build=view,
    of=("methods", "paper"),
    place=80,
)
