"""What an empty mask costs: raw scores hold `inf` (one mask empty) and `nan` (both); a policy says how they count."""

import numpy as np
import pandas as pd

from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 2
POLICIES = ("diagonal", "exclude", "raw", "both_empty_is_one")
BOTH_EMPTY_IS_ONE = ("dsc",)  # in the SVLS authors' code; their surface dice of two empty masks is 0, as our sd_svls
PLACE = ["dataset", "case", "grid"]  # what decides the image, and so its diagonal


def apply(scores: pd.DataFrame, policy: str = "diagonal") -> pd.DataFrame:
    """Settle infinite distances, and mark them.

    Args:
        scores: the tidy table; distances are rows whose `unit` is mm.
        policy: "diagonal" sets an infinite distance to the diagonal of that case's image (mm), which the rows with
            the metric `image_diagonal` hold; "exclude" makes it undefined (NaN); "raw" leaves it; "both_empty_is_one"
            is "diagonal", and a DSC of two empty masks, else undefined, is 1, as in the code of Islam & Glocker 2021.
    Returns: a copy with one more column, `penalised`: the distance was infinite. Undefined values (NaN, both masks
        empty) stay undefined, and an infinity of another unit than mm stays, since no diagonal can stand for it.
    Raises: InputError: for an unknown policy, and where a case with an infinite distance has no diagonal.
    """
    require_one_of("policy", policy, POLICIES)
    infinite = np.isinf(scores["value"]) & (scores["unit"] == "mm")
    settled = scores.assign(penalised=infinite)
    if policy == "exclude":
        settled.loc[infinite, "value"] = np.nan
    elif policy in ("diagonal", "both_empty_is_one") and infinite.any():
        settled.loc[infinite, "value"] = _diagonals(scores, scores[infinite])
    if policy == "both_empty_is_one":
        settled.loc[settled["metric"].isin(BOTH_EMPTY_IS_ONE) & settled["value"].isna(), "value"] = 1.0
    return settled


def _diagonals(scores: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Return the image diagonal (mm) of each row's case.

    Where runs recorded several, the largest counts, so that an empty mask costs all methods the same.
    """
    place = [name for name in PLACE if name in scores.columns]
    known = scores[scores["metric"] == "image_diagonal"].groupby(place, observed=True, as_index=False)["value"].max()
    found = rows[place].merge(known, on=place, how="left")
    missing = sorted(found.loc[found["value"].isna(), "case"].astype(str).unique())
    if missing:
        raise InputError(
            f"{len(missing)} case(s) have an infinite distance (one mask empty) and no `image_diagonal`: "
            f"{', '.join(missing[:5])}. Score them again, or choose the policy `exclude`."
        )
    return found["value"].to_numpy()
