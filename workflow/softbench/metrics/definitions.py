"""The definitions of all metrics: what is measured, which way is better, what an empty mask gives, and whose it is.

P is the prediction's mask, R the reference's, p a predicted probability, y 1 where its class is the true one, else 0;
s is a soft label's probability, t a threshold on p.
"""

from dataclasses import dataclass
from typing import Literal

VERSION = None  # words about metrics
Better = Literal["higher", "lower", "neither"]


@dataclass(frozen=True)
class Metric:
    """A metric: `key` in score tables, `unit` ("1" for a pure number), `range` (lowest, highest possible value).

    `better` is "neither" for what is recorded beside the scores. `empty_case` says what a missing mask, class or
    region gives; the policy that tables apply to such raw values is theirs. `source` names departures, if any.
    """

    key: str
    name: str
    unit: str
    better: Better
    range: tuple[float, float]
    definition: str
    empty_case: str
    source: str


FRACTION = (0.0, 1.0)
INFINITY = float("inf")
OPEN = (0.0, INFINITY)
TAHA = "Taha & Hanbury 2015"
SURFELS = "Nikolov et al. 2018 (DeepMind surface-distance)"
ONE_OR_BOTH = "0 where one mask is empty, NaN where both are"
DISTANCE_EMPTY = "inf where one mask is empty, NaN where both are"
REGION_EMPTY = "NaN where the region holds no voxel"
ABSENT = "NaN where the class is absent (sum s = 0): left out, and counted"
EPD = "Ali et al. 2024"

OVERLAP = (
    Metric("dsc", "DSC", "1", "higher", FRACTION, "2 |P and R| / (|P| + |R|)", ONE_OR_BOTH, "Dice 1945"),
    Metric("iou", "IoU", "1", "higher", FRACTION, "|P and R| / |P or R|", ONE_OR_BOTH, "Jaccard 1912"),
    Metric("accuracy", "accuracy", "1", "higher", FRACTION, "share of voxels on which the masks agree", "none", TAHA),
    Metric(
        "specificity", "specificity", "1", "higher", FRACTION,
        "share of the voxels outside R that P leaves out", "NaN where R is the whole volume", TAHA,
    ),
    Metric("sensitivity", "sensitivity", "1", "higher", FRACTION, "share of R in P", "NaN where R is empty", TAHA),
    Metric("precision", "precision", "1", "higher", FRACTION, "share of P in R", "NaN where P is empty", TAHA),
    Metric("vs", "VS", "1", "higher", FRACTION, "1 - ||P| - |R|| / (|P| + |R|)", ONE_OR_BOTH, TAHA),
)  # fmt: skip

DISTANCE = (
    Metric(
        "hd95", "HD95", "mm", "lower", OPEN,
        "larger of the two directed 95th percentiles of distances between surface voxels (face neighbour outside)",
        DISTANCE_EMPTY, "MONAI, MetricsReloaded. Departure: a missed structure is inf, where MONAI gives NaN",
    ),
    Metric(
        "hd95_pooled", "HD95 (pooled)", "mm", "lower", OPEN,
        "95th percentile of the distances of both sides together", DISTANCE_EMPTY, "medpy hd95",
    ),
    Metric(
        "asd", "ASD", "mm", "lower", OPEN,
        "mean distance from the prediction's surface voxels to the reference's; blind to what was missed",
        DISTANCE_EMPTY, "medpy asd",
    ),
    Metric(
        "assd", "ASSD", "mm", "lower", OPEN,
        "mean of the distances of both sides together", DISTANCE_EMPTY, "medpy assd",
    ),
    Metric(
        "masd", "MASD", "mm", "lower", OPEN,
        "mean of the two directed means; some libraries call it ASSD", DISTANCE_EMPTY, "MetricsReloaded",
    ),
    Metric(
        "hd95_in_plane", "HD95 (in-plane)", "mm", "lower", OPEN,
        "as hd95, over the voxels with one of 8 neighbours in their slice outside; distances run in 3-D",
        "inf where one mask is empty, NaN where both are or one fills its slices and so has no edge",
        "MRBrainS18's evaluation. Departure: inf or NaN where theirs gives None or raises",
    ),
)  # fmt: skip

SURFACE_SHARE = (
    Metric(
        "nsd", "NSD", "1", "higher", FRACTION,
        "share of both surfaces' area that lies within a tolerance (inclusive) of the other surface",
        ONE_OR_BOTH, SURFELS,
    ),
    Metric(
        "nsd_voxel", "NSD (voxels)", "1", "higher", FRACTION,
        "share of both surfaces' voxels that lie within a tolerance of the other", ONE_OR_BOTH,
        "MetricsReloaded. Departure: NaN, not 1, where both masks are empty",
    ),
    Metric(
        "sd_svls", "SD (SVLS)", "1", "higher", FRACTION,
        "share of the prediction's surface area within a tolerance of the reference; blind to what was missed",
        "0 where a mask is empty, or both", "released code of Islam & Glocker 2021",
    ),
)  # fmt: skip

CALIBRATION = (
    Metric(
        "ece", "ECE", "1", "lower", FRACTION,
        "top label, bins (low, high] of equal width: sum of |correct - confidence| over bins, per voxel",
        REGION_EMPTY, "Guo et al. 2017",
    ),
    Metric(
        "mce", "MCE", "1", "lower", FRACTION,
        "largest |accuracy - confidence| of a bin that holds voxels", REGION_EMPTY, "Guo et al. 2017",
    ),
    Metric(
        "cwece", "cwECE", "1", "lower", FRACTION,
        "ECE of each class's own probability, mean over classes", REGION_EMPTY, "Kull et al. 2019; MetricsReloaded",
    ),
    Metric(
        "ace", "ACE", "1", "lower", FRACTION,
        "as cwECE, with blocks of equal count instead of bins; equal probabilities share a block",
        "NaN where no class has a voxel a block", "Nixon et al. 2019. Departure: exact zeros are kept",
    ),
    Metric(
        "ace_netcal", "ACE (netcal)", "1", "lower", FRACTION,
        "unweighted mean of |accuracy - confidence| over bins that hold voxels; not Nixon's ACE", REGION_EMPTY,
        "netcal ACE. Departure: bins are (low, high]",
    ),
    Metric(
        "tace", "TACE", "1", "lower", FRACTION,
        "as ACE, over the voxels whose probability of the class exceeds 0.001",
        "a class with fewer such voxels than blocks is left out; NaN where all are", "Nixon et al. 2019",
    ),
    Metric(
        "tace_svls", "TACE (SVLS)", "1", "lower", FRACTION,
        "as TACE without class 0, of the whole volume, divided by the number of blocks once more",
        "a class with fewer such voxels than blocks is left out; NaN where all are",
        "released code of Islam & Glocker 2021. Departure: too few voxels are left out, theirs give NaN",
    ),
    Metric(
        "brier", "Brier score", "1", "lower", (0.0, 2.0),
        "mean over voxels of the sum over classes of (p - y)^2", REGION_EMPTY, "Brier 1950",
    ),
    Metric(
        "nll", "NLL", "nat", "lower", (0.0, 27.631021115928547),
        "mean of -log p of the true class, p not below 1e-12", REGION_EMPTY, "Guo et al. 2017",
    ),
)  # fmt: skip

# Sums over bins and voxels add up over cases; `ace`, `tace` and `tace_svls` would need the voxels of all at once.
POOLED = ("ece", "mce", "ace_netcal", "cwece", "brier", "nll")

SOFT = (
    Metric(
        "dsc_s", "soft DSC", "1", "higher", FRACTION,
        "2 sum(s p) / (sum s + sum p); below 1 even for p = s, unless all are 0 or 1", ABSENT, EPD,
    ),
    Metric(
        "rad", "RAD", "1", "lower", OPEN, "|sum p - sum s| / sum s", ABSENT,
        f"{EPD}. Departure: they define it in words, the formula is ours",
    ),
    Metric(
        "rd", "RD", "1", "neither", (-1.0, INFINITY), "(sum p - sum s) / sum s; signed, nearest 0 is best", ABSENT,
        f"{EPD}. Departure: they define it in words, the formula is ours",
    ),
    Metric(
        "rmse", "RMSE", "1", "lower", FRACTION, "root of the mean over voxels of (p - s)^2", ABSENT,
        f"{EPD}. Departure: what they print cannot be voxel-wise",
    ),
    Metric("mae", "MAE", "1", "lower", FRACTION, "mean over voxels of |p - s|", ABSENT, "ours, beside EPD's RMSE"),
    Metric("mse", "MSE", "1", "lower", FRACTION, "mean over voxels of (p - s)^2", ABSENT, "ours, beside EPD's RMSE"),
)  # fmt: skip

RECORDED = (
    Metric(
        "image_diagonal", "image diagonal", "mm", "neither", OPEN,
        "length of the volume's diagonal, sqrt(sum (voxels * spacing)^2)", "none", "geometry",
    ),
)  # fmt: skip

THRESHOLD = Metric(
    "threshold", "threshold", "1", "neither", FRACTION,
    "t in 0, 0.01 .. 1 of the highest DSC, the first where several are", "", "",
)  # fmt: skip

GROUPS = {
    "Overlap": OVERLAP,
    "Surface distance": DISTANCE,
    "Surface overlap": SURFACE_SHARE,
    "Calibration": CALIBRATION,
    "Against soft labels": SOFT,
    "Recorded beside the scores": RECORDED,
}
ALL = tuple(metric for group in GROUPS.values() for metric in group)
