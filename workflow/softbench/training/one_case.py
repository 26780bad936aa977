"""The probabilities of single cases, predicted again from the weights of a finished seed, for figures."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from softbench.datasets import splits
from softbench.training import inference, predictors
from softbench.training.inference import view_of
from softbench.training.material import Material
from softbench.training.run import Run

VERSION = 1


def probabilities(
    runs: Mapping[str, Mapping[str, Any]], device: torch.device, log: Callable[[str], None] = print
) -> Callable[[str, Path, str], np.ndarray]:
    """Return what gives the probabilities of a case as scoring saw them.

    Args:
        runs: method -> `run` (what decides it, as a batch has it) and the paths `data`, `soft_label` and `split`.
        device: where the network computes.
        log: takes a line for each case.
    Returns: a function of method, folder of its seed (with model.pt) and case, to (C, ...) float32 on the grid of the
        data set; those of a coarser grid of training are brought there.
    """

    def of_case(method: str, folder: Path, case: str) -> np.ndarray:
        given = runs[method]
        data, soft = Path(given["data"]).parent, Path(given["soft_label"]).parent
        batch = Material(Run.of(given["run"]), data, soft, splits.read(Path(given["split"])), device, log)
        torch.set_num_threads(batch.run.protocol.threads)
        model = inference.load_model(folder / "model.pt", device)
        view = view_of(batch.protocol)
        log(f"{method}: {case} again, from {folder / 'model.pt'}")
        return predictors.networks([model], resolution=batch.run.resolution, view=view)(batch.dataset.load(case))

    return of_case
