"""The piece `model` of a seed: trained weights, the history of training, and what the batch's manifest says of both."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from softbench.jobs import pieces, provenance
from softbench.training import inference
from softbench.training.device import precision_name
from softbench.training.inference import KeptLogits
from softbench.training.loop import merit, train
from softbench.training.material import Material
from softbench.training.protocol import Protocol

VERSION = 1


def model_key(material: Material, seed: int) -> str:
    """Return the key of all that decides the weights of a seed."""
    hashes = material.dataset.manifest["cases"]
    return pieces.key_of(
        seed=seed,
        network=material.run.network,
        loss=material.run.loss,
        protocol=material.run.protocol.deciding(),
        classes=list(material.dataset.classes),
        raters=material.run.raters,
        resolution=asdict(material.run.resolution) if material.run.resolution else None,
        versions=material.run.versions["training"],
        images={case: hashes[case] for case in [*material.parts["train"], *material.parts["val"]]},
        order=material.parts["train"],
        soft_labels=material.soft_labels(),
    )


def fill(material: Material, seed: int, folder: Path, scratch: Path) -> dict[str, Any]:
    """Fill the piece `model`: weights and history; return their hash and facts for the batch's manifest."""
    watch = provenance.Watch(material.device)
    seen = KeptLogits() if material.run.scoring.temperature else None
    model, history = train(
        material.cached_data,
        [material.evaluated_case(case) for case in material.parts["val"]],
        targets=material.evaluated_targets() if material.protocol.select == "lowest_loss" else None,
        network=material.run.network,
        loss=material.run.loss,
        protocol=material.protocol,
        classes=len(material.dataset.classes),
        seed=seed,
        folder=folder,
        key=model_key(material, seed),
        deadline=material.deadline,
        log=material.log,
        seen=seen,
    )
    channels = material.cached_data.images.shape[1]
    inference.save_model(
        scratch / "model.pt",
        model,
        material.run.network,
        channels,
        len(material.dataset.classes),
        material.cached_data.dims,
    )
    pd.DataFrame(history).to_csv(scratch / "history.csv", index=False)
    watch.write(scratch / "provenance.json", threads=material.run.protocol.threads)
    weights = inference.hash_weights(model)
    material.validation_logits = {weights: seen.logits} if seen and seen.logits else {}
    return {
        "hash": weights,
        "training": training_facts(material.protocol, len(material.parts["train"]), material.device),
        "validation": validation_facts(history, material.protocol, len(material.parts["val"])),
    }


def training_facts(protocol: Protocol, cases: int, device: torch.device) -> dict[str, Any]:
    """Return `cases` of the training part, optimiser `steps`, and the `precision` of activations, "fp32" or "bf16"."""
    steps = protocol.for_cases(cases).steps
    return {"cases": cases, "steps": steps, "precision": precision_name(protocol.precision, device)}


def validation_facts(history: Sequence[dict[str, float]], protocol: Protocol, cases: int) -> dict[str, Any]:
    """Return what the weights that were kept reached: `dsc` (None where undefined), its `step`, and how many `cases`.

    Args:
        history: of `loop.train`; the rows of validations hold `val_dsc`.
        protocol: its `select` says which weights were kept: those of the best DSC or lowest loss (the first of equals),
            or the last.
        cases: of the validation part.
    """
    looked = [row for row in history if "val_dsc" in row]
    row = looked[-1] if protocol.select == "last" else max(looked, key=lambda row: merit(row, protocol.select))
    dsc = row["val_dsc"]
    return {"dsc": None if math.isnan(dsc) else float(dsc), "step": int(row["step"]), "cases": cases}
