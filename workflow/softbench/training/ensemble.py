r"""The ensemble of a method: the mean of its seeds' probabilities, scored like a run.

.. math:: \bar p_c = \frac 1 S \sum_{s=1}^S \mathrm{softmax}(z_s)_c

It gives two predictions: `ensemble`, the mean, and where scoring has `temperature` also `ensemble_temperature`, the
mean at a temperature of its own, that fits the validation cases best (pool, then calibrate; see
`temperature_scaling.py`). The seeds' own temperatures do not enter. Rows have no seed. On a coarser grid of training,
mean and temperature are taken there, and the result is brought to the full grid, as a run's.

Seeds that failed are left out and named; below two there is no ensemble, and the record says why.

The ensembles of an experiment are made in one process, one after another, so that memory is that of one.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from softbench import datasets
from softbench.jobs import pieces, provenance, storage
from softbench.training import inference, predictors, scoring
from softbench.training.chosen import settle
from softbench.training.inference import make_view
from softbench.training.material import Material
from softbench.training.predictors import Predictor
from softbench.training.run import Run
from softbench.training.scores import make_pair
from softbench.training.temperature_scaling import OF_TEMPERATURE, fit_temperature_of_mean

VERSION = 2
MEAN, SCALED = "ensemble", "ensemble_temperature"  # in the column `prediction`
RECORD = "ensemble.json"
FEWEST = 2  # seeds: one is no ensemble
PREDICTIONS = ("raw", "temperature", "ensemble", "ensemble_temperature")  # what a table may show

Outcome = Mapping[str, Any]  # of a seed, as a batch's manifest has it


def run_all(
    methods: Sequence[Mapping[str, Any]],
    data: Path,
    split: pd.DataFrame,
    version: Mapping[str, int],
    output: Path,
    device: torch.device,
    log: Callable[[str], None],
) -> None:
    """Score the ensembles of an experiment's methods, each a piece; write their joint manifest last.

    Args:
        methods: of each `run` (what decides its seeds, as a batch has it), `soft_label` (as `chosen.settle` takes both)
            and `batches` (paths of their manifests).
        data: folder of the prepared data set, which is opened once.
        split: of the experiment.
        version: of the modules that decide an ensemble.
        output: the joint manifest; the methods have folders next to it.
        device: where the networks compute.
        log: takes lines of progress; the name of the method is put before them.
    Raises: InputError and others: as `pieces.make_each`.
    """
    dataset = datasets.open(data)

    def score(method: Mapping[str, Any], record: Path, log_line: Callable[[str], None]) -> None:
        given = settle(method)
        batch = Material(Run.of(given["run"]), dataset, Path(given["soft_label"]).parent, split, device, log_line)
        run(batch, list(map(Path, method["batches"])), version, record)

    makers = {method["run"]["names"]["method"]: partial(score, method) for method in methods}
    pieces.make_each(output, RECORD, makers, log)


def run(batch: Material, manifests: Sequence[Path], version: Mapping[str, int], output: Path) -> None:
    """Score the ensemble of a method, a piece in `ensemble/` next to `output`, and write the record last.

    Args:
        batch: the data and settings of the method; nothing is trained.
        manifests: of all batches of the method; the folders of their seeds lie next to them.
        version: of the modules that decide an ensemble.
        output: ensemble.json: `status` ("done" or "not made", then with its `reason`), the `seeds` that it is made of
            and those that `failed`.
    Raises: InputError: if the weights of a seed do not have the hash in its manifest.
    """
    outcomes = _outcomes(manifests)
    done = {seed: outcome for seed, outcome in outcomes.items() if outcome["status"] == "done"}
    failed = {str(seed): outcome["reason"] for seed, outcome in outcomes.items() if seed not in done}
    record = {"run": batch.run.names, "seeds": list(done), "failed": failed}
    if len(done) < FEWEST:
        reason = f"it needs {FEWEST} finished seeds, and there {'is' if len(done) == 1 else 'are'} {len(done)}"
        batch.log(f"no ensemble: {reason}.")
        pieces.write_json(output, {**record, "status": "not made", "reason": reason})
        return
    key = pieces.key_of(
        version=version, seeds=[[seed, outcome["model"], outcome["key"]] for seed, outcome in done.items()]
    )
    folder = output.parent
    scores = pieces.make(folder / "ensemble", "scores", key, lambda scratch: _fill(batch, done, folder, scratch))
    facts = {name: scores[name] for name in OF_TEMPERATURE if name in scores}
    pieces.write_json(output, {**record, **facts, "status": "done", "scores": scores["hash"], "key": key})


def _outcomes(manifests: Sequence[Path]) -> dict[int, Outcome]:
    """Return what became of each seed, in the order of the seeds, whatever batches they were trained in."""
    batches = [storage.read_json(path)["seeds"].items() for path in manifests]
    return dict(sorted((int(seed), outcome) for seeds in batches for seed, outcome in seeds))


def _fill(batch: Material, done: Mapping[int, Outcome], folder: Path, scratch: Path) -> dict[str, Any]:
    """Fill the piece: scores, reliability statistics, predictions and where they were made."""
    watch, run = provenance.Watch(batch.device), batch.run
    torch.set_num_threads(run.protocol.threads)
    models = [_load(folder / f"seed-{seed}", outcome, batch.device) for seed, outcome in done.items()]
    batch.log(f"ensemble of {len(models)} seeds")
    networks = predictors.Networks(models, resolution=run.resolution, view=make_view(batch.protocol))
    kinds: dict[str, Predictor] = {MEAN: networks}
    facts: dict[str, Any] = {}
    if run.scoring.temperature:
        validation = [batch.evaluated_case(case) for case in batch.parts["val"]]
        fitted = fit_temperature_of_mean(models, validation, view=networks.view, patients=batch.patients)
        facts |= fitted.facts()
        batch.log(f"ensemble: temperature {fitted}")
        kinds[SCALED] = networks.at(fitted.temperature)
    where = (scratch, kinds, batch.evaluated, batch.split)
    facts |= scoring.fill_scores(*where, run.scoring, run.names, None, batch.log, pair=make_pair(batch, models))
    watch.write(scratch / "provenance.json", threads=run.protocol.threads)
    return facts


def _load(folder: Path, outcome: Outcome, device: torch.device) -> nn.Module:
    """Load the network of a seed, and compare its weights with the hash in the batch's manifest."""
    path = folder / "model.pt"
    model = inference.load_model(path, device)
    if inference.hash_weights(model) != outcome["model"]:
        said = "holds other weights than the manifest of its batch lists, so it cannot be part of an ensemble"
        raise storage.damaged(path, said, *storage.lists_of(folder))
    return model
