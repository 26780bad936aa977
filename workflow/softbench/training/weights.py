"""The piece `model` of a seed: trained weights and the history of training."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.jobs import pieces, provenance
from softbench.training import facts, model_file
from softbench.training.loop import train
from softbench.training.material import Material

VERSION = 1


def key_of_model(material: Material, seed: int) -> str:
    """Return the key of all that decides the weights of a seed."""
    hashes = material.dataset.manifest["cases"]
    return pieces.key_of(
        seed=seed,
        network=material.run.network,
        loss=material.run.loss,
        protocol=asdict(material.run.protocol),
        classes=list(material.dataset.classes),
        raters=material.run.raters,
        resolution=asdict(material.run.resolution) if material.run.resolution else None,
        versions=material.run.versions["training"],
        images={case: hashes[case] for case in [*material.parts["train"], *material.parts["val"]]},
        order=material.parts["train"],
        soft_labels=material.soft_labels(),
    )


def fill(material: Material, seed: int, folder: Path, scratch: Path) -> dict[str, Any]:
    """Fill the piece `model`: weights and history; return their hash and what the manifest tells of them."""
    watch = provenance.Watch(material.device)
    model, history = train(
        material.resident,
        [material.case(case) for case in material.parts["val"]],
        network=material.run.network,
        loss=material.run.loss,
        protocol=material.protocol,
        classes=len(material.dataset.classes),
        seed=seed,
        folder=folder,
        key=key_of_model(material, seed),
        deadline=material.deadline,
        log=material.log,
    )
    channels = material.resident.images.shape[1]
    model_file.save(
        scratch / "model.pt",
        model,
        material.run.network,
        channels,
        len(material.dataset.classes),
        material.resident.dims,
    )
    pd.DataFrame(history).to_csv(scratch / "history.csv", index=False)
    watch.write(scratch / "provenance.json", threads=material.run.protocol.threads)
    return {
        "hash": model_file.hash_weights(model),
        "training": facts.of_training(material.protocol, len(material.parts["train"]), material.device),
        "validation": facts.of_validation(history, material.protocol, len(material.parts["val"])),
    }
