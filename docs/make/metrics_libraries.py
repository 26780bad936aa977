"""Where libraries disagree: what each computes of one input, the oracle's entry for it, and which number of ours it is.

Entries are named as in `tests/oracles/metrics/README.md`. A peer without `ours` computes what is not offered here.
"""

from make.metrics_beside import Peer

VERSIONS = {
    "medpy": "0.5.2",
    "MONAI": "1.6.1",
    "netcal": "1.4.0",
    "torchmetrics": "1.9.0",
    "pymia": "0.3.4",
    "DeepMind surface-distance": "@1f805ce",
    "MetricsReloaded": "@cb38dfc",
    "uncertainty-metrics": "@c046458",
    "SVLS (calibration_metrics.py, utils.py)": "@77d1fd2",
    "MRBrainS18 (evaluation.py)": "@482d2ec",
}


def _unlike(library: str, computes: str, entry: str, ours: str) -> Peer:
    """Return a peer that computes the same quantity as we do in a way that we do not follow."""
    return Peer(library, computes, entry, ours, departs=True)


RELOADED = "metricsreloaded.hd_assd_hd95_masd"
OVERLAP = (
    Peer("medpy dc", "Dice", "medpy.dc", "dsc"),
    Peer("MONAI compute_dice", "Dice", "monai.dice", "dsc"),
    Peer("DeepMind", "Dice", "deepmind.dice", "dsc"),
    Peer("MetricsReloaded", "Dice", "metricsreloaded.dsc", "dsc"),
    Peer("medpy jc", "Jaccard", "medpy.jc", "iou"),
    Peer("MONAI compute_iou", "Jaccard", "monai.iou", "iou"),
    Peer("medpy", "sensitivity", "medpy.sensitivity", "sensitivity"),
    Peer("medpy", "specificity", "medpy.specificity", "specificity"),
    Peer("medpy", "precision", "medpy.precision", "precision"),
    Peer("pymia", "volume similarity", "pymia.vs", "vs"),
    Peer("MRBrainS18", "volume similarity", "mrbrains18.vs", "vs"),
)

HD95 = (
    Peer("MONAI", "larger of the two directed percentiles, voxel surface", "monai.hd95", "hd95"),
    Peer("MetricsReloaded", "the same", RELOADED, "hd95", 2),
    Peer("medpy hd95", "percentile of both sides' distances pooled", "medpy.hd95", "hd95_pooled"),
    Peer("medpy, connectivity=2", "pooled; diagonal neighbours belong to the surface, too", "medpy.hd95_conn2"),
    Peer("DeepMind", "larger directed one, weighted by area, not interpolated", "deepmind.hd95"),
    Peer("MRBrainS18", "larger directed one; edges by 8 neighbours in a slice", "mrbrains18.hd95", "hd95_in_plane"),
    Peer("MONAI, directed=True", "prediction to reference only", "monai.hd95_directed"),
)

MEAN_DISTANCE = (
    Peer("medpy asd", "prediction to reference", "medpy.asd", "asd"),
    Peer("MONAI", "prediction to reference", "monai.asd", "asd"),
    Peer("medpy asd, arguments swapped", "reference to prediction", "medpy.asd_ref_to_pred", "asd, masks swapped"),
    Peer("medpy assd", "mean of both sides' distances pooled", "medpy.assd", "assd"),
    Peer("MONAI, symmetric=True", "the same", "monai.assd", "assd"),
    Peer("MetricsReloaded ASSD", "the same", RELOADED, "assd", 1),
    Peer("MetricsReloaded MASD", "mean of the two directed means; panoptica says ASSD", RELOADED, "masd", 3),
    Peer("medpy, connectivity=2", "pooled; diagonal neighbours belong to the surface, too", "medpy.assd_conn2"),
    Peer("medpy obj_assd", "per matched component", "medpy.obj_assd"),
    Peer("DeepMind", "prediction to reference, weighted by area", "deepmind.asd_gt2pred_pred2gt", None, 1),
    Peer("DeepMind", "reference to prediction, weighted by area", "deepmind.asd_gt2pred_pred2gt", None, 0),
)

SURFACE_DICE = (
    Peer("DeepMind", "share of both surfaces' area within 2 mm", "deepmind.nsd", "nsd"),
    Peer("MONAI, use_subvoxels=True", "the same", "monai.nsd_subvoxel", "nsd"),
    Peer("MONAI", "share of both surfaces' voxels within 2 mm", "monai.nsd", "nsd_voxel"),
    Peer("MetricsReloaded", "the same", "metricsreloaded.nsd", "nsd_voxel"),
    Peer(
        "SVLS surface_dice_3D", "share of the prediction's area; misses cost nothing", "svls.surface_dice_3D", "sd_svls"
    ),
    Peer("DeepMind", "the same", "deepmind.overlap_gt_pred", "sd_svls", 1),
    Peer("DeepMind", "share of the reference's area", "deepmind.overlap_gt_pred", "sd_svls, masks swapped", 0),
)

TINY = (
    Peer("medpy asd", "between voxel centres", "medpy.asd", "asd"),
    Peer("DeepMind", "between corners of voxels, weighted by area", "deepmind.asd_gt2pred_pred2gt", None, 1),
)

TOP_LABEL = (
    Peer("netcal ECE", "all voxels", "netcal.ece10.all", "ece, all"),
    Peer("uncertainty-metrics ece", "all voxels", "um.ece10.all", "ece, all"),
    _unlike("torchmetrics", "all voxels; sums in float32", "torchmetrics.ece10.all", "ece, all"),
    Peer("SVLS ece_eval", "only voxels of the reference's foreground", "svls.ece10_fg", "ece, foreground"),
    Peer("netcal ECE", "foreground, 10 bins", "netcal.ece10.fg", "ece, foreground"),
    Peer("netcal ECE", "foreground, 15 bins", "netcal.ece15.fg", "ece, foreground, 15 bins"),
    Peer("netcal MCE", "largest gap of a bin", "netcal.mce10.all", "mce, all"),
    Peer("torchmetrics, norm=max", "largest gap of a bin", "torchmetrics.mce10.all", "mce, all"),
    Peer(
        "netcal ACE", "unweighted mean gap of equal-width bins: not Nixon's ACE", "netcal.ace10.all", "ace_netcal, all"
    ),
)

MONAI_CLASSES = "monai.calib_expected10_perclass"
CLASS_BY_CLASS = (
    Peer("uncertainty-metrics sce", "mean over classes of the binned error", "um.sce10.all", "cwece, all"),
    Peer("MetricsReloaded cwECE", "the same", "metricsreloaded.cwece10.all", "cwece, all"),
    _unlike("MONAI CalibrationErrorMetric", "the same; sums in float32", MONAI_CLASSES, "cwece, all"),
    Peer("MONAI CalibrationErrorMetric", "class 3 alone", MONAI_CLASSES, None, 3),
    Peer("uncertainty-metrics ace", "Nixon's ACE: 10 blocks of equal count", "um.ace10.all", "ace, all"),
    Peer("uncertainty-metrics tace", "10 blocks, p > 0.001", "um.tace10_th0.001.all", "tace, all"),
    Peer("uncertainty-metrics tace", "30 blocks, p > 0.01: its defaults", "um.tace30_th0.01.all"),
    Peer("SVLS tace_eval", "TACE without class 0, divided by 10 blocks again", "svls.tace10_th0.001", "tace_svls, all"),
    Peer("SVLS tace_eval, class 0 kept", "a tenth of TACE but for its cuts", "svls.tace10_th0.001_bg_included"),
    Peer("MetricsReloaded Brier", "sum over classes, mean over voxels", "metricsreloaded.brier.all", "brier, all"),
    Peer("MetricsReloaded NLL", "no floor under p", "metricsreloaded.nll.all", "nll, all"),
)  # fmt: skip

# The same on probabilities that hit bin edges, 0 and 1 exactly, and a reference without class 3.
ON_EDGES = (
    Peer("SVLS ece_eval, class 0 kept", "bins (low, high]", "svls.ece10_all(bg_cls=-1)", "ece, all"),
    _unlike("uncertainty-metrics ece", "bins [low, high)", "um.ece10.all", "ece, all"),
    _unlike("netcal ECE", "the same of float64 input; this is of float32", "netcal.ece10.all", "ece, all"),
    _unlike("torchmetrics", "[low, high), and one more bin for p = 1", "torchmetrics.ece10.all", "ece, all"),
    _unlike("netcal ECE", "foreground, which holds two labels", "netcal.ece10.fg", "ece, foreground"),
    Peer("netcal ECE", "adaptive bins", "netcal.ece10_adaptive.all"),
    _unlike("uncertainty-metrics sce", "exact zeros are left out with their voxels", "um.sce10.all", "cwece, all"),
    _unlike("MetricsReloaded cwECE", "exact zeros in no bin, yet counted", "metricsreloaded.cwece10.all", "cwece, all"),
    _unlike("MONAI CalibrationErrorMetric", "mean of its classes, all in float32", MONAI_CLASSES, "cwece, all"),
    Peer("uncertainty-metrics tace", "10 blocks, p > 0.001; ties stay together", "um.tace10_th0.001.all", "tace, all"),
    _unlike("SVLS tace_eval", "ties are cut as an unstable sort leaves them", "svls.tace10_th0.001", "tace_svls, all"),
    _unlike("MetricsReloaded NLL", "inf where the true class was ruled out", "metricsreloaded.nll.all", "nll, all"),
    Peer("MetricsReloaded Brier", "sum over classes, mean over voxels", "metricsreloaded.brier.all", "brier, all"),
)  # fmt: skip

# The table of empty masks: our key, and a library's counterpart of it.
EMPTY = (
    ("dsc", Peer("medpy dc", "Dice", "medpy.dc")),
    ("dsc", Peer("MONAI", "Dice", "monai.dice")),
    ("dsc", Peer("MONAI, ignore_empty=False", "Dice", "monai.dice_ignore_empty_False")),
    ("dsc", Peer("DeepMind", "Dice", "deepmind.dice")),
    ("dsc", Peer("MetricsReloaded", "Dice", "metricsreloaded.dsc")),
    ("iou", Peer("medpy jc", "Jaccard", "medpy.jc")),
    ("vs", Peer("pymia", "volume similarity", "pymia.vs")),
    ("vs", Peer("MRBrainS18", "volume similarity", "mrbrains18.vs")),
    ("hd95", Peer("medpy", "HD95", "medpy.hd95")),
    ("hd95", Peer("MONAI", "HD95", "monai.hd95")),
    ("hd95", Peer("DeepMind", "HD95", "deepmind.hd95")),
    ("hd95", Peer("MetricsReloaded", "HD95", RELOADED, None, 2)),
    ("hd95_in_plane", Peer("MRBrainS18", "HD95", "mrbrains18.hd95")),
    ("assd", Peer("medpy", "ASSD", "medpy.assd")),
    ("assd", Peer("MONAI", "ASSD", "monai.assd")),
    ("assd", Peer("MetricsReloaded", "ASSD", RELOADED, None, 1)),
    ("asd", Peer("DeepMind", "ASD, prediction to reference", "deepmind.asd_gt2pred_pred2gt", None, 1)),
    ("nsd", Peer("DeepMind", "NSD", "deepmind.nsd")),
    ("nsd", Peer("MONAI", "NSD", "monai.nsd_subvoxel")),
    ("nsd_voxel", Peer("MetricsReloaded", "NSD", "metricsreloaded.nsd")),
    ("sd_svls", Peer("SVLS", "SD", "svls.surface_dice_3D")),
)  # fmt: skip

# Ali et al. 2024, Table I, "conventional" rows without augmentation: side of the image, accuracy %, RMSE %.
EPD_PRINTED = ((512, 99.61, 0.38), (256, 99.18, 0.81), (128, 98.47, 1.47), (64, 94.40, 5.24))
