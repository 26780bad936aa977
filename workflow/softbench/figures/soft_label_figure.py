"""Chosen soft labels of a data set as a figure of their own: the gallery, with its caption.

After Fig. 1 of the GeoLS paper and Fig. 1 of the SVLS paper.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from softbench import datasets
from softbench.datasets.case import Case
from softbench.figures import gallery, pictures
from softbench.soft_labels import open_store

VERSION = 2
RULE = "the first case of the data set that has every class, or else the first"


def write(settings: Mapping[str, Any], paths: Sequence[str]) -> None:
    """Write the figure (.png, .pdf) and its caption (.txt).

    Args:
        settings: of the figure: `title`, and `panels` with one panel: `name`, and either `reason`, or `data` (folder)
            and `soft_labels` (title -> manifest). One on a coarser grid is left out, and the caption says so.
        paths: of the three files, in this order.
    """
    (panel,) = settings["panels"]
    if "reason" in panel:
        why = f"{panel['name']}: {panel['reason']}"
        pictures.save(pictures.nothing(settings["title"], [why]), paths, f"{why}.", about=settings.get("about", ""))
        return
    dataset = datasets.open(panel["data"])
    case = dataset.load(gallery.choose_case(dataset.cases))
    every = {name: open_store(Path(path).parent).read(case) for name, path in panel["soft_labels"].items()}
    figure = gallery.draw(case, every, dataset.classes, title=settings["title"])
    coarse = [f"{name} is not shown: it lies on a coarser grid." for name, soft in every.items() if _is_off(case, soft)]
    where = f"{panel['name']}: {case.id}, {RULE}."
    pictures.save(figure, paths, " ".join([gallery.CAPTION, where, *coarse]), about=settings.get("about", ""))


def _is_off(case: Case, soft: np.ndarray) -> bool:
    return soft.shape[1:] != case.labels.shape[1:]
