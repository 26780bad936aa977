"""The piece `scores` of a seed, and what ensembles and figures of single cases share with it; it needs no training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from softbench import store
from softbench.datasets import splits
from softbench.jobs import pieces, provenance
from softbench.training import inference, predictors, scoring
from softbench.training.chosen import settle
from softbench.training.inference import make_view
from softbench.training.material import Material
from softbench.training.predictors import Predictor
from softbench.training.run import Run
from softbench.training.scoring import Arrays, Pair
from softbench.training.temperature_scaling import Fit, fit_temperature

VERSION = 2


def scores_key(material: Material, model: str) -> str:
    """Return the key of all that decides the scores of a seed; `model` is the key of its weights."""
    hashes = material.dataset.manifest["cases"]
    return pieces.key_of(
        model=model,
        names=material.run.names,
        scoring=asdict(material.run.scoring),
        structures=material.dataset.structures,
        versions=material.run.versions["scoring"],
        images={case: hashes[case] for case in material.parts["test"]},
    )


def fill(material: Material, seed: int, folder: Path, scratch: Path) -> dict[str, Any]:
    """Fill the piece `scores`: the tidy table, the reliability statistics and the predictions."""
    watch = provenance.Watch(material.device)
    torch.set_num_threads(material.run.protocol.threads)
    model = inference.load_model(folder / "model.pt", material.device)
    run, coarse = material.run, make_pair(material, [model])
    network = predictors.Networks([model], resolution=run.resolution, view=make_view(material.protocol))
    kinds: dict[str, Predictor] = {scoring.RAW: network}
    found: dict[str, Any] = {}
    if run.scoring.temperature:
        fitted = _fit_temperature(material, model)
        found |= fitted.facts()
        material.log(f"seed {seed}: temperature {fitted}")
        kinds["temperature"] = network.at(fitted.temperature)
    where = (scratch, kinds, material.evaluated, material.split)
    found |= scoring.fill_scores(*where, run.scoring, run.names, seed, material.log, pair=coarse)
    watch.write(scratch / "scores.provenance.json", threads=run.protocol.threads)
    return found


def _fit_temperature(material: Material, model: torch.nn.Module) -> Fit:
    """Fit the temperature on the validation cases; the last validation of training may have left their logits."""
    validation = [material.evaluated_case(case) for case in material.parts["val"]]
    kept = material.validation_logits.pop(inference.hash_weights(model), None)
    return fit_temperature(
        model, validation, view=make_view(material.protocol), patients=material.patients, logits=kept
    )


def differences(
    runs: Mapping[str, Mapping[str, Any]], device: torch.device, log: Callable[[str], None] = print
) -> Callable[[str, Path, str], np.ndarray]:
    """Return a function that computes a case's probabilities minus what the method learns from, on its own grid.

    Args: as in `probabilities`.
    Returns: a function of method, folder of its seed and case, to (C, ...) float32 in [-1, 1] on the grid of the data
        set, where each voxel of a coarser grid of training stands for the fine ones that it covers. Of several raters
        the first counts.
    """

    def subtract_target(method: str, folder: Path, case: str) -> np.ndarray:
        batch = _material(runs[method], device, log)
        model = inference.load_model(folder / "model.pt", device)
        log(f"{method}: {case} again, from {folder / 'model.pt'}")
        pair = make_pair(batch, [model])
        if pair is None:
            found = predictors.Networks([model], view=make_view(batch.protocol))(batch.evaluated.load(case))
            return found - store.decode(batch.evaluated_target(case)[0][0])
        predicted, target, _ = pair(case)
        return spread(predicted - target, batch.dataset.shape(case))

    return subtract_target


def spread(coarse: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return (C, ...) on a finer grid of `shape`: each fine voxel has the value of the coarse one that covers it.

    Args: shape: of the fine grid; a coarse voxel covers as many fine ones along an axis as the lengths say, rounded up.
    """
    for axis, (have, want) in enumerate(zip(coarse.shape[1:], shape, strict=True), 1):
        coarse = np.repeat(coarse, -(-want // have), axis)
    return coarse[:, *(slice(want) for want in shape)]


def _material(given: Mapping[str, Any], device: torch.device, log: Callable[[str], None]) -> Material:
    """Return what a method's run rests on, with torch as it was for scoring."""
    given = settle(given)
    data, soft = Path(given["data"]).parent, Path(given["soft_label"]).parent
    batch = Material(Run.of(given["run"]), data, soft, splits.read(Path(given["split"])), device, log)
    torch.set_num_threads(batch.run.protocol.threads)
    return batch


def make_pair(material: Material, models: Sequence[torch.nn.Module]) -> Pair | None:
    """Return how a case's prediction and target on a coarser grid of training are had; None without such a grid."""
    if material.run.resolution is None:
        return None
    predictor = predictors.Networks(models, view=make_view(material.protocol))

    def predict_pair(case_id: str) -> Arrays:
        coarse, (soft, _) = material.case(case_id), material.target(case_id)
        return predictor(coarse), store.decode(soft[0]), coarse.valid

    return predict_pair


def probabilities(
    runs: Mapping[str, Mapping[str, Any]], device: torch.device, log: Callable[[str], None] = print
) -> Callable[[str, Path, str], np.ndarray]:
    """Return a function that computes the probabilities of a case, as they were scored.

    Args:
        runs: method -> `run` (what decides it, as a batch has it) and the paths `data`, `soft_label` and `split`.
        device: where the network computes.
        log: takes a line for each case.
    Returns: a function of method, folder of its seed (with model.pt) and case, to (C, ...) float32 on the grid of the
        data set, or of the part of a case that is scored; those of a coarser grid of training are brought there.
    """

    def predict_case(method: str, folder: Path, case: str) -> np.ndarray:
        batch = _material(runs[method], device, log)
        model = inference.load_model(folder / "model.pt", device)
        view = make_view(batch.protocol)
        log(f"{method}: {case} again, from {folder / 'model.pt'}")
        return predictors.Networks([model], resolution=batch.run.resolution, view=view)(batch.evaluated.load(case))

    return predict_case
