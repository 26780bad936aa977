"""Where a paper's metric is not what others mean by that name, and where its unit is in doubt."""

from softbench.papers.published import PrintedMetric, PublishedTable

VERSION = 2
STANDARD = {  # key of a paper's own definition -> the usual one, shown beside it
    "tace_svls": "tace",  # the code divides by the bins once more
    "sd_svls_2mm": "nsd_2mm",  # of the prediction's surface alone
    "hd95_pooled": "hd95",
    # The threshold is chosen on the cases that are reported; the honest one comes from validation.
    **{
        f"{key}_at_test": f"{key}_at_val"
        for key in ("accuracy", "specificity", "sensitivity", "precision", "dsc", "iou")
    },
}
IN_DOUBT = {  # (table, printed metric) -> why no number of ours can be judged against it
    ("superpixel_2", "HD95 2-D"): "printed in mm, probably pixels",
    ("superpixel_2", "ASD"): "printed in mm, probably pixels",
    ("superpixel_2", "ASSD"): "printed in mm, probably pixels",
}


def standard_of(metric: PrintedMetric) -> str | None:
    """Return our key of what stands beside a printed metric: another reading of it, or the usual definition."""
    return metric.beside or STANDARD.get(metric.ours or "")


def keys_of(table: PublishedTable) -> list[str]:
    """Return our keys of all metrics that a printed table needs, those beside them included, in its order."""
    pairs = [(metric.ours, standard_of(metric)) for metric in table.metrics.values() if metric.ours]
    return list(dict.fromkeys(key for pair in pairs for key in pair if key))


def reason_against(table: PublishedTable, metric: str) -> str:
    """Say why a printed metric can be compared with nothing of ours; empty where it can."""
    return "no metric of ours" if table.metrics[metric].ours is None else IN_DOUBT.get((table.key, metric), "")
