"""How long other libraries will take, said before they begin: medpy's distances may take longer than all of ours."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from softbench.errors import InputError
from softbench.metrics.kernels.boxes import class_boxes, union
from softbench.tools.score import volumes
from softbench.tools.score.inputs import Settings

VERSION = None  # a line of the log
CASES = 3  # looked at
IN_BOX_S = (
    6e-7  # of medpy's HD95, ASD and ASSD for each voxel of the box of a structure, on a core of 2.6 GHz: measured
)
IN_GRID_S = 8e-9  # of overlaps for each voxel of the grid


def medpy_s(references: Mapping[str, Sequence[Path]], settings: Settings, *, predictions: int, workers: int) -> float:
    """Return about how many seconds `--cross-check medpy` takes.

    Args:
        references: case -> label maps. Of three of them the boxes of structures are taken; those of predictions are
            taken to be as large. One that cannot be read is passed over: the scoring says why.
        settings: complete.
        predictions: of all cases and methods.
        workers: processes.
    """
    names = sorted(references)
    chosen = [names[n] for n in sorted({0, len(names) // 2, len(names) - 1})][:CASES]
    each_s = [case_s(path, settings) for name in chosen for path in references[name]]
    known = [seconds for seconds in each_s if seconds is not None]
    raters = len(references[names[0]])
    return sum(known) / max(1, len(known)) * raters * predictions / min(workers, predictions)


def case_s(path: Path, settings: Settings) -> float | None:
    """Return the seconds of a prediction against one reference; None where that cannot be read."""
    assert settings.classes is not None, "settings are complete"
    try:
        labels = volumes.label_map(path, settings.choices)
    except InputError:
        return None
    boxes = class_boxes(labels, settings.classes)
    cuts = [union(boxes[list(ids)]) for ids in (settings.structures or {}).values()]
    inside = sum(math.prod(side.stop - side.start for side in cut) for cut in cuts)
    return IN_BOX_S * inside + IN_GRID_S * labels.size * len(cuts)
