r"""A setting that is tried: its networks, and what they say of the validation and of the test cases.

Of each part: `nll` and `nll_temperature`, the mean over cases of the mean negative log-likelihood over valid voxels and
raters, raw and at the temperature that fits the validation cases best, and `dsc`, the mean over foreground classes,
raters and cases. Test cases are written down for the curve of the expected best of n settings; nothing is chosen by
them. On a coarser grid of training all is measured there: settings of one method are compared with each other alone.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from softbench.datasets.case import Case
from softbench.jobs import pieces
from softbench.training import inference
from softbench.training.batch import Batch
from softbench.training.inference import make_view, stream_logits
from softbench.training.loop import class_dice
from softbench.training.temperature_scaling import CHUNK, fit_temperature, valid_voxels

VERSION = 2
PARTS = {"validation": "val", "test": "test"}
PAIR = 2  # small cases go through a CPU two by two (`stream_logits`), and so no memory holds more


def try_setting(batch: Batch, seeds: Sequence[int], versions: dict[str, int], folder: Path, output: Path) -> None:
    """Train the seeds of a setting below `folder` and measure them; write the manifest last.

    Args:
        batch: data and settings.
        seeds: of the runs that choose.
        versions: of the modules that decide what is measured.
        folder: gets a folder a seed.
        output: tried.json: of each seed `status` ("done", or "failed" with its `reason`), `temperature`, `validation`
            and `test`.
    """
    done = {str(seed): _seed(batch, seed, versions, folder / f"seed-{seed}") for seed in seeds}
    pieces.write_json(output, {"run": batch.run.names, "seeds": done})


def _seed(batch: Batch, seed: int, versions: dict[str, int], folder: Path) -> dict[str, Any]:
    model = batch.model(seed, folder)
    if model["status"] == "failed":
        return model
    hashes = batch.dataset.manifest["cases"]
    parts = {name: {case: hashes[case] for case in batch.parts[part]} for name, part in PARTS.items()}
    key = pieces.key_of(model=batch.model_key(seed), versions=versions, images=parts)
    found = pieces.make(folder, "tried", key, partial(_measure, batch, seed, folder))
    return {"status": "done", "model": model["hash"], **{name: found[name] for name in ("temperature", *PARTS)}}


def _measure(batch: Batch, seed: int, folder: Path, scratch: Path) -> dict[str, Any]:
    """Return what the network of a seed says of both parts; no file is written."""
    torch.set_num_threads(batch.run.protocol.threads)
    model = inference.load_model(folder / "model.pt", batch.device)
    kept = batch.validation_logits.pop(inference.hash_weights(model), None)
    validation = [batch.evaluated_case(case) for case in batch.parts["val"]]
    fitted = fit_temperature(model, validation, view=make_view(batch.protocol), patients=batch.patients, logits=kept)
    known = {"val": kept}
    measured = {name: measure(batch, model, part, fitted.temperature, known.get(part)) for name, part in PARTS.items()}
    batch.log(f"seed {seed}: {', '.join(f'{name} {value}' for name, value in measured['validation'].items())}")
    return {"temperature": fitted.temperature, **measured}


def measure(
    batch: Batch, model: nn.Module, part: str, temperature: float, known: Sequence[torch.Tensor] | None = None
) -> dict[str, float | None]:
    """Return `nll`, `nll_temperature` and `dsc` of a network on the cases of a part; None where one is not defined.

    `known` are the logits of these cases, where the network was asked before.
    """
    raw, scaled, overlaps = [], [], list[float]()
    for case, scores in _look_at(batch, model, part, known):
        logits, labels = valid_voxels(case, scores)
        if not labels.numel():
            continue
        raw.append(mean_nll(logits, labels, 1.0))
        scaled.append(mean_nll(logits, labels, temperature))
        hard = logits.argmax(dim=0)
        for label in labels.long():
            overlaps += class_dice(hard, label, len(logits))
    return {"nll": _mean(raw), "nll_temperature": _mean(scaled), "dsc": _mean(overlaps)}


def _look_at(
    batch: Batch, model: nn.Module, part: str, known: Sequence[torch.Tensor] | None
) -> Iterator[tuple[Case, torch.Tensor]]:
    """Give each case of a part with its logits, as the validation of training computes them."""
    cases = batch.parts[part]
    for first in range(0, len(cases), PAIR):
        seen = [batch.evaluated_case(case) for case in cases[first : first + PAIR]]
        if known is None:
            yield from stream_logits(model, seen, make_view(batch.protocol))
        else:
            yield from zip(seen, known[first:], strict=False)


def mean_nll(logits: torch.Tensor, labels: torch.Tensor, temperature: float) -> float:
    """Return the mean negative log-likelihood of logits (C, N) at a temperature, over the classes of raters (R, N)."""
    total = 0.0
    for first in range(0, labels.shape[1], CHUNK):
        part = slice(first, first + CHUNK)
        of_class = torch.log_softmax(logits[:, part].double() / temperature, dim=0)
        total -= float(of_class.gather(0, labels[:, part].long()).sum())
    return total / labels.numel()


def _mean(values: Sequence[float]) -> float | None:
    found = sum(values) / len(values) if values else math.nan
    return found if math.isfinite(found) else None
