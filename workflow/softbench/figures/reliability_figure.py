"""Reliability diagrams of chosen methods as a figure of their own: a row an experiment and region.

After Fig. 5 of the SVLS paper, over the foreground alone as there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.figures import pictures, reliability
from softbench.figures.case_rows import FAILED, first_done, titles
from softbench.metrics import Reliability
from softbench.tables import assemble
from softbench.tables.layout import REGIONS

VERSION = 1


def write(settings: Mapping[str, Any], paths: Sequence[str]) -> None:
    """Write the figure (.png, .pdf) and its caption (.txt).

    Args:
        settings: of the figure: `title`, `titles`, `methods`, `panels`, and where wanted `roi`.
        paths: of the three files, in this order.
    """
    roi, about = settings.get("roi", "foreground"), settings.get("about", "")
    statistics: dict[tuple[str, Any, str], Reliability] = {}
    rows, missing = {}, []
    for panel in settings["panels"]:
        name, found = panel["name"], _statistics(panel)
        if isinstance(found, str):
            missing.append(f"{name}: {found}.")
            continue
        rows[name] = name
        statistics |= {(method, seed, name): bins for (method, seed, where), bins in found.items() if where == roi}
    if not statistics:
        pictures.save(pictures.nothing(settings["title"], missing), paths, " ".join(missing), about=about)
        return
    methods = [{"key": key, "title": title} for key, title in titles(settings).items()]
    title = f"{settings['title']} ({REGIONS[roi]})"
    figure = reliability.draw(statistics, title=title, methods=methods, rows=rows)
    over = REGIONS[roi] if roi == "all" else f"the {REGIONS[roi]} alone"
    where = f"Over {over}; a row for each of {', '.join(rows)}."
    pictures.save(figure, paths, " ".join([reliability.CAPTION, where, *missing]), about=about)


def _statistics(panel: Mapping[str, Any]) -> dict[tuple[str, Any, str], Reliability] | str:
    """Return the bins of an experiment's runs, or why there are none."""
    if "reason" in panel:
        return str(panel["reason"])
    batches = [Path(path) for run in panel["runs"].values() for path in run["batches"]]
    return FAILED if first_done(batches) is None else assemble.read(batches).reliability
