"""The grid of calibrations and decoders of finished runs: fitted on validation cases, scored on test cases.

Each seed of a method has a piece for each calibration, and one for each calibration with each decoder, in
`posthoc/seed-<seed>/` of the method. One more calibration, decoder, method or seed makes its own pieces alone. What is
missing of a seed is made together: the logits of a case are inferred once for all of it.
"""

import importlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from softbench.datasets.case import Case
from softbench.errors import naming
from softbench.jobs import pieces, provenance, storage
from softbench.jobs.progress import Progress
from softbench.metrics.rows import tidy
from softbench.training import inference
from softbench.training.inference import make_view
from softbench.training.material import Material
from softbench.training.posthoc.decoding import Decoder
from softbench.training.posthoc.measuring import LabelMaps, score_probabilities
from softbench.training.posthoc.seen import Calibration, Validation

VERSION = 1
RECORD = "posthoc.json"
ROOM = "softbench.training.posthoc"
PREDICTION = "posthoc"  # in the column `prediction`; the columns `calibration` and `decoder` say which
FEW = 16  # patients: below, one or two of them decide what is fitted

Versions = Mapping[str, Mapping[str, int]]  # piece -> of the modules that decide it
Log = Callable[[str], None]


@dataclass(frozen=True)
class Piece:
    """A piece of a seed: a calibration, or with `decoder` the label maps that this makes of it."""

    calibration: str
    decoder: str | None = None

    @property
    def name(self) -> str:
        """Of its files."""
        return self.calibration if self.decoder is None else f"{self.calibration}-{self.decoder}"


def pieces_of(calibrations: Sequence[str], decoders: Sequence[str]) -> list[Piece]:
    """Return the pieces of a seed, in order."""
    return [Piece(c, decoder) for c in calibrations for decoder in (None, *decoders)]


def run(batch: Material, manifests: Sequence[Path], wanted: Sequence[Piece], versions: Versions, output: Path) -> None:
    """Score the grid of a method, seed by seed in `posthoc/` next to `output`, and write the record last.

    Args:
        batch: the data and settings of the method; nothing is trained.
        manifests: of all batches of the method; the folders of their seeds lie next to them.
        wanted: the pieces of a seed.
        versions: piece -> VERSIONs of the modules that decide it.
        output: posthoc.json: `seeds`, each with its `status` ("done" with its pieces and what they fitted, or "failed"
            with the `reason`).
    Raises: InputError: if the weights of a seed do not have the hash in its manifest, or there is no validation case.
    """
    patients = [batch.patients[case] for case in batch.parts["val"]]
    Validation(lambda: iter(()), patients, batch.dataset.classes)  # raises before any network is loaded
    _tell_few(patients, batch.log)
    seeds = {}
    for seed, outcome in _outcomes(manifests).items():
        if outcome["status"] == "done":
            seeds[str(seed)] = {"status": "done", "pieces": _make_seed(batch, seed, outcome, wanted, versions, output)}
        else:
            seeds[str(seed)] = {"status": "failed", "reason": outcome["reason"]}
    pieces.write_json(output, {"run": batch.run.names, "validation": _validation_facts(patients), "seeds": seeds})


def _validation_facts(patients: Sequence[str]) -> dict[str, int]:
    return {"cases": len(patients), "patients": len(set(patients))}


def _tell_few(patients: Sequence[str], log: Log) -> None:
    if len(set(patients)) < FEW:
        log(
            f"WARNING: {len(set(patients))} patients in the validation part, fewer than {FEW}: one or two of them "
            "decide what is fitted, and calibrations with many numbers may fit them alone"
        )


def _outcomes(manifests: Sequence[Path]) -> dict[int, Mapping[str, Any]]:
    """Return what became of each seed, in the order of the seeds, whatever batches they were trained in."""
    batches = [storage.read_json(path)["seeds"].items() for path in manifests]
    return dict(sorted((int(seed), outcome) for seeds in batches for seed, outcome in seeds))


def _make_seed(
    batch: Material, seed: int, outcome: Mapping[str, Any], wanted: Sequence[Piece], versions: Versions, output: Path
) -> dict[str, dict[str, Any]]:
    """Return what the record says of each piece of a seed; make those that are missing, all in one look at the data."""
    folder = output.parent / "posthoc" / f"seed-{seed}"
    keys = {
        piece: pieces.key_of(version=versions[piece.name], model=outcome["model"], scores=outcome["key"])
        for piece in wanted
    }
    missing = [piece for piece in wanted if not _is_there(folder, piece, keys[piece])]
    tables: dict[Piece, pd.DataFrame] = {}
    facts: dict[Piece, Mapping[str, Any]] = {}
    watch = provenance.Watch(batch.device)
    if missing:
        batch.log(f"seed {seed}: {len(missing)} of {len(wanted)} pieces to make")
        torch.set_num_threads(batch.run.protocol.threads)
        model = inference.load_model(output.parent / f"seed-{seed}" / "model.pt", batch.device)
        if inference.hash_weights(model) != outcome["model"]:
            said = "holds other weights than the manifest of its batch lists, so it cannot be calibrated"
            raise storage.damaged(output.parent / f"seed-{seed}" / "model.pt", said, *manifest_lists(output))
        tables, facts = score_seed(batch, model, seed, missing)

    def fill(piece: Piece, scratch: Path) -> dict[str, Any]:
        tables[piece].to_parquet(scratch / f"{piece.name}.parquet", index=False, write_page_checksum=True)
        watch.write(scratch / f"{piece.name}.provenance.json", threads=batch.run.protocol.threads)
        return {"hash": pieces.key_of(csv=tables[piece].to_csv(index=False)), "fitted": facts[piece]}

    made = {piece: pieces.make(folder, piece.name, keys[piece], partial(fill, piece)) for piece in wanted}
    return {piece.name: _said(piece, record) for piece, record in made.items()}


def manifest_lists(output: Path) -> list[Path]:
    """Return the files that list the seeds of a method."""
    return storage.lists_of(output.parent / "seed-0")


def _said(piece: Piece, record: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: record[name] for name in ("key", "hash", "fitted")}
    return {"calibration": piece.calibration, "decoder": piece.decoder, **own}


def _is_there(folder: Path, piece: Piece, key: str) -> bool:
    record = pieces.read_record(folder, piece.name)
    return record is not None and record["key"] == key and pieces.damage(folder, record) is None


def score_seed(
    batch: Material, model: torch.nn.Module, seed: int, missing: Sequence[Piece]
) -> tuple[dict[Piece, pd.DataFrame], dict[Piece, Mapping[str, Any]]]:
    """Fit and score some pieces of a seed.

    Returns: of each piece the tidy rows with the columns `calibration` and `decoder` (empty for probabilities), and
        what was fitted.
    """
    look = Look(batch, model)
    validation = look.validation()
    if validation.absent:
        batch.log(f"WARNING: no validation case has {', '.join(validation.absent)}: nothing is fitted for them")
    names = dict.fromkeys(piece.calibration for piece in missing)
    fitted = {name: _fit_calibration(name, validation, batch.log) for name in names}
    decoders = {p: look.fit_decoder(p, fitted[p.calibration], validation) for p in missing if p.decoder}
    tables: dict[Piece, list[pd.DataFrame]] = {piece: [] for piece in missing}
    conflicts, voxels = dict.fromkeys(decoders, 0), 0
    progress = Progress(batch.log, f"seed {seed}: calibrate and decode", len(batch.parts["test"]), "cases", every_s=15)
    for number, (case, logits, images) in enumerate(look.at(batch.parts["test"]), start=1):
        voxels += case.labels[0].size if case.valid is None else int(np.count_nonzero(case.valid))
        maps = LabelMaps(case, batch.dataset.structures, len(batch.dataset.classes), batch.run.scoring)
        with naming("case ", case.id):
            for name, calibration in fitted.items():
                probabilities = look.refine(calibration.apply(logits, images), case)
                if Piece(name) in tables:
                    found = score_probabilities(probabilities, case, batch.run.scoring)
                    tables[Piece(name)].append(found.assign(case=case.id))
                for piece in (one for one in decoders if one.calibration == name):
                    decoded = decoders[piece].decode(probabilities, case.valid)
                    conflicts[piece] += decoded.conflicts or 0
                    tables[piece].append(maps.score(decoded.labels).assign(case=case.id))
        progress.at(number)
    facts = {p: fitted[p.calibration].facts if p.decoder is None else decoders[p].facts for p in missing}
    facts |= {p: {**facts[p], "conflicts": count, "voxels": voxels} for p, count in conflicts.items()}
    return {piece: _tidied(batch, seed, piece, parts) for piece, parts in tables.items()}, facts


def _tidied(batch: Material, seed: int, piece: Piece, parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    rows = pd.concat(parts, ignore_index=True).assign(prediction=PREDICTION)
    whose = {"calibration": piece.calibration, "decoder": piece.decoder or ""}
    return tidy(rows, batch.run.names, seed).assign(**whose)


def _fit_calibration(name: str, validation: Validation, log: Log) -> Calibration:
    began = time.monotonic()
    fitted: Calibration = importlib.import_module(f"{ROOM}.calibrations.{name}").fit(validation)
    log(f"{name}: fitted in {time.monotonic() - began:.1f} s {_short(fitted.facts)}".rstrip())
    return fitted


def _short(facts: Mapping[str, Any]) -> str:
    return str(dict(facts)) if facts else ""


class Look:
    """How a network looks at the cases of a split: on its grid of training, and back on the grid that is scored."""

    def __init__(self, batch: Material, model: torch.nn.Module) -> None:
        """Look at nothing yet."""
        self.batch, self.model, self.view = batch, model, make_view(batch.protocol)

    def validation(self) -> Validation:
        """Return what the network says of the validation cases."""
        batch = self.batch
        cases = batch.parts["val"]

        def stream() -> Iterator[tuple[Case, torch.Tensor]]:
            for first in range(0, len(cases), 2):  # two go through as fast as one
                seen = [batch.evaluated_case(case) for case in cases[first : first + 2]]
                yield from inference.stream_logits(self.model, seen, self.view)

        return Validation(stream, [batch.patients[case] for case in cases], batch.dataset.classes)

    def at(self, cases: Sequence[str]) -> Iterator[tuple[Case, torch.Tensor, np.ndarray]]:
        """Give each case as it is scored, its logits, and its image on the grid of training."""
        coarse = self.batch.run.resolution
        for case_id in cases:
            case = self.batch.evaluated.load(case_id)
            images = case.images if coarse is None else coarse.coarsen_images(case.images)
            yield case, inference.logits(self.model, images, self.view), images

    def refine(self, probabilities: torch.Tensor, case: Case) -> np.ndarray:
        """Return probabilities on the grid of a case that is scored."""
        found: np.ndarray = probabilities.numpy()
        coarse = self.batch.run.resolution
        return found if coarse is None else coarse.refine(found, case.images.shape[1:])

    def fit_decoder(self, piece: Piece, calibration: Calibration, validation: Validation) -> Decoder:
        """Fit a decoder on the calibrated probabilities of validation cases, on the grid that is scored."""

        def predicted() -> Iterator[tuple[Case, np.ndarray]]:
            for case_id, seen in zip(self.batch.parts["val"], validation, strict=True):
                case = self.batch.evaluated.load(case_id)
                yield case, self.refine(calibration.apply(seen.logits, seen.case.images), case)

        decoder: Decoder = importlib.import_module(f"{ROOM}.decoders.{piece.decoder}").fit(
            predicted, self.batch.dataset.structures
        )
        return decoder
