"""A teacher: networks of one method in folds, and their mean probabilities of cases that they did not see.

Each fold's networks learn from the training cases of the other folds. A training case is predicted by the networks of
its own fold, which did not see it; a validation or test case, which none saw, by all. What is written is a store of
probabilities, from which recipes with `NEEDS_TEACHER` make soft labels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from softbench import datasets, store
from softbench.datasets import folds, splits
from softbench.errors import InputError
from softbench.jobs import pieces, provenance, storage
from softbench.training import inference
from softbench.training.batch import Batch
from softbench.training.inference import View, make_view
from softbench.training.protocol import Protocol

VERSION = 1


def train_fold(batch: Batch, seeds: Sequence[int], folder: Path, output: Path) -> None:
    """Train the networks of a fold below `folder`; write their list last.

    Args:
        batch: data and settings; its split lacks the training cases of the fold.
        seeds: of its networks.
        folder: gets a folder a seed.
        output: fold-<n>.json: of each seed `status` ("done" or "failed" with its `reason`) and `model`, the hash of its
            weights.
    """
    done = {str(seed): _listed(batch.model(seed, folder / f"seed-{seed}")) for seed in seeds}
    pieces.write_json(output, {"run": batch.run.names, "seeds": done})


def _listed(made: Mapping[str, Any]) -> dict[str, Any]:
    if made["status"] == "failed":
        return dict(made)
    return {"status": "done", "model": made["hash"], "training": made["training"]}


def predict(
    lists: Sequence[Path],
    data: Path,
    split: pd.DataFrame,
    protocol: Protocol,
    output: Path,
    *,
    version: Mapping[str, int],
    device: torch.device,
    log: Callable[[str], None],
) -> None:
    """Write the mean probabilities of each case of a split, a piece each, and manifest.json last.

    Args:
        lists: of the folds, in order (fold-<n>.json); the folders of their seeds lie in folders of the same names.
        data: folder of the prepared data set.
        split: the whole one.
        protocol: how the networks look at images.
        output: folder; `cases/<case>.npz` holds the probabilities as a store has them.
        version: of the modules that decide the result.
    Raises: InputError: if a fold has no network, or weights are not those of its list.
    """
    watch, dataset = provenance.Watch(device), datasets.open(data)
    split = splits.of_dataset(split, dataset.manifest, dataset.cases)
    torch.set_num_threads(protocol.threads)
    own = folds.assign(split, len(lists))
    models = [_Fold(path, device) for path in lists]
    view, hashes = make_view(protocol), dataset.manifest["cases"]
    cases = list(dict.fromkeys(split["case"]))
    done: dict[str, str] = {}
    for number, case in enumerate(cases, 1):
        used = [models[own[case]]] if case in own else models
        weights = [weight for fold in used for weight in fold.weights]
        key = pieces.key_of(version=version, weights=weights, image=hashes[case], view=asdict(view))
        fill = partial(_fill, dataset, case, used, view)
        done[case] = pieces.make(output / "cases", case, key, fill)["hash"]
        if number % 20 == 0 or number == len(cases):
            log(f"{number} of {len(cases)} cases predicted")
    watch.write(output / "provenance.json", threads=protocol.threads)
    seeds = [fold.seeds for fold in models]
    content = {"cases": done, "folds": own, "seeds": seeds, "classes": len(dataset.classes)}
    pieces.write_json(output / "manifest.json", {**content, "key": pieces.key_of(**content)})


class _Fold:
    """The networks of a fold, loaded when the first case needs them."""

    def __init__(self, path: Path, device: torch.device) -> None:
        self.folder, self.device = path.with_suffix(""), device
        outcomes = storage.read_json(path)["seeds"]
        self.listed = {seed: of["model"] for seed, of in outcomes.items() if of["status"] == "done"}
        if not self.listed:
            why = "; ".join(f"seed {seed}: {of['reason']}" for seed, of in outcomes.items())
            raise InputError(f"no network of the teacher's {path.stem} could be trained ({why}). Take another method.")
        self.seeds, self.weights = list(map(int, self.listed)), list(self.listed.values())
        self._models: list[torch.nn.Module] = []

    def models(self) -> list[torch.nn.Module]:
        """Return the networks, and compare their weights with the list."""
        if not self._models:
            self._models = [self._load(seed, weights) for seed, weights in self.listed.items()]
        return self._models

    def _load(self, seed: str, weights: str) -> torch.nn.Module:
        path = self.folder / f"seed-{seed}" / "model.pt"
        model = inference.load_model(path, self.device)
        if inference.hash_weights(model) != weights:
            said = "holds other weights than the list of its fold, so it cannot teach"
            raise storage.damaged(path, said, *storage.lists_of(path.parent))
        return model


def _fill(dataset: Any, case_id: str, used: Sequence[_Fold], view: View, scratch: Path) -> dict[str, Any]:
    case = dataset.load(case_id)
    mean = inference.predict([model for fold in used for model in fold.models()], case.images, view=view)
    codes = store.encode(mean)
    np.savez_compressed(scratch / f"{case_id}.npz", **store.pack(codes), affine=case.affine)
    return {"hash": pieces.hash_array(codes)}
