"""Several seeds at once."""

from performance_page.cells import NONE, Record, at, cell, scientific, table

HOWS = ("eager", "graph", "compiled", "compiled graph")
WAYS = tuple(f"{kind}, {how}" for how in HOWS for kind in ("one by one", "fused"))
COUNTS = (1, 2, 4, 8)


def seeds(card: Record) -> str:
    """Return what a model takes in each way, by the number of seeds at once, and how far the losses are apart."""
    found = at(card, "parts", "seeds") or NONE
    rows = []
    for way in WAYS:
        of_counts = [at(found, "ways", f"{way}, {count} seeds") or NONE for count in COUNTS]
        cells = [cell(at(one, "model_s"), lambda s: f"{s:.1f}") for one in of_counts]
        apart = [one["largest_loss_difference"] for one in of_counts if "largest_loss_difference" in one]
        first = "" if way.startswith("fused") else cells[0]
        rows.append([way, first, *cells[1:], cell(max(apart) if apart else None, scientific)])
    text = (
        "Seeds at once: seconds a model (all steps of hippocampus_5min, data there), and the largest difference of its "
    )
    text += "first losses from those of seeds trained one by one; a rerun of the latter differs by "
    text += cell(at(found, "losses", "rerun", "largest_difference"), scientific) + ", fused in float32 by "
    text += cell(at(found, "losses", "fused, in float32", "largest_difference"), scientific) + ".\n\n"
    return text + table(["way", *[f"{count} seeds" for count in COUNTS], "difference"], rows)
