"""What soft labels are like before anything is trained: one row a soft label, means over the cases of a data set."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from softbench import damage, pieces
from softbench.reporting import plain_table
from softbench.reporting.rounding import number

VERSION = 1
COLUMNS = {  # column of quality.parquet -> heading, decimals
    "entropy": ("entropy (nat)", 4),
    "softened_share": ("softened voxels", 3),
    "band_width_mm": ("width of the band (mm)", 2),
    "stray_mass": ("mass on classes not near", 4),
    "sum_error": ("largest sum error", 4),
    "argmax_flips": ("argmax flips", 5),
    "kl": ("KL to truth (nat)", 4),
    "brier": ("Brier to truth", 4),
    "soft_dice": ("soft Dice to truth", 3),
    "raters_kl": ("KL to raters' mean (nat)", 4),
    "raters_brier": ("Brier to raters' mean", 4),
    "raters_dice": ("soft Dice to raters' mean", 3),
}
ABOUT = (
    "Each cell: mean over the cases of the data set. The width of the band is the volume of the softened voxels over "
    "the area of the class boundaries. KL, Brier and soft Dice compare with the true class probabilities, which "
    "phantoms know, and with the mean of the raters."
)


def summarise(stores: Mapping[str, Path]) -> pd.DataFrame:
    """Return the means over cases: a row a soft label, the columns that any of them has.

    Args:
        stores: title -> folder of a soft label, in the order of the rows. One that a program wrote by itself, without
            measuring anything, has an empty row.
    """
    rows = {title: _means(folder) for title, folder in stores.items()}
    table = pd.DataFrame(rows).T
    known = [name for name in COLUMNS if name in table and table[name].notna().any()]
    return table[known].rename_axis("soft_label")


def _means(folder: Path) -> pd.Series:
    path = folder / "quality.parquet"
    if not path.exists() and not (folder / "provenance.json").exists():  # both are written by whoever measures
        return pd.Series(dtype=float)
    return damage.read_parquet(path, folder / "manifest.json").drop(columns="case").mean()


def write(table: pd.DataFrame, title: str, path: Path) -> None:
    """Write the table in the form that the suffix names: .csv (unrounded), .md or .html; by rename."""
    if path.suffix == ".csv":
        pieces.write_text(path, table.to_csv())
        return
    heads = ["Soft label", *(COLUMNS[name][0] for name in table)]
    rows = [[str(label), *_cells(row)] for label, row in table.iterrows()]
    plain_table.write(path, title, ABOUT, heads, rows)


def _cells(row: pd.Series) -> list[str]:
    return [number(float(value), COLUMNS[str(name)][1]) for name, value in row.items()]
