"""A network trained one step on a prepared dataset and scored on its last case: does the whole path run?"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch
from softbench.datasets import splits
from softbench.soft_labels.produce import produce
from softbench.training.batch import Batch, Run, run_batch


def scores_after_one_step(
    data: Path, cases: Sequence[tuple[str, str]], crop: Sequence[int], scratch: Path
) -> pd.DataFrame:
    """Train on the first two cases (id, patient), validate on the third, and return the scores of the fourth."""
    produce("one_hot", data, scratch / "soft", settings={}, version={}, log=lambda line: None)
    parts = ("train", "train", "val", "test")
    split = pd.DataFrame(
        [(case, patient, part) for (case, patient), part in zip(cases, parts, strict=True)],
        columns=list(splits.COLUMNS),
    )
    run = Run.of(
        {
            "names": dict.fromkeys(("experiment", "dataset", "split", "network", "method"), "tiny"),
            "network": {"name": "compact_unet", "widths": [4, 8]},
            "loss": "ce",
            "protocol": {"steps": 1, "batch": 2, "crop": list(crop), "learning_rate": 0.01},
            "scoring": {"tolerances_mm": [2.0]},
            "versions": {"training": {}, "scoring": {}},
        }
    )
    batch = Batch(run, data, scratch / "soft", split, torch.device("cpu"), lambda line: None)
    run_batch(batch, [0], scratch, scratch / "batch-0.json")
    scores = pd.read_parquet(scratch / "seed-0" / "scores.parquet")
    return scores[scores["case"] == cases[-1][0]]
