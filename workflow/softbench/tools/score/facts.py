"""What the files of a case turned out to hold, besides their scores, and what a table says of it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from softbench.errors import in_words
from softbench.jobs import pieces
from softbench.jobs.faults import Fault
from softbench.tools.score import distribution
from softbench.tools.score.inputs import Settings, Source
from softbench.tools.score.volumes import Loaded

VERSION = None  # sentences
PIECE = "scores"
Folders = Mapping[Source, Mapping[str, Path]]


def describe(loaded: Loaded) -> dict[str, Any]:
    """Return what the record of a scored case keeps: voxels, those ignored, how probabilities were stored, labels."""
    shape = loaded.references.shape[1:]
    ignored = 0 if loaded.valid is None else int(np.count_nonzero(~loaded.valid))
    facts: dict[str, Any] = {"voxels": int(np.prod(shape)), "ignored": ignored}
    if loaded.stored is not None:
        stored = loaded.stored
        return facts | {"stored": [stored.whole, stored.deviation, stored.one_hot]}
    counted = loaded.prediction if loaded.valid is None else loaded.prediction[loaded.valid]
    return facts | {"labels": np.unique(counted).tolist()}


def strangers(folders: Folders, settings: Settings) -> Iterator[Fault]:
    """Yield the folders of label maps that hold labels above 0, and in no case one of a structure that is scored."""
    wanted = {label for members in (settings.structures or {}).values() for label in members}
    for source, cases in folders.items():
        held = {label for facts in _read(cases).values() for label in facts.get("labels", ())} - {0}
        if held and not held & wanted:
            text = (
                f"they hold the labels {in_words(sorted(held))}, and the structures are of {in_words(sorted(wanted))}: "
                "none is in common. Write the predictions with the references' labels, or correct --structures."
            )
            yield Fault(str(source), "", text)


def notes(folders: Folders, settings: Settings) -> list[str]:
    """Return what a reader of the first table must know about what the files held."""
    of_source = {source: _read(cases) for source, cases in folders.items()}
    stored = [
        (source.method, *facts["stored"])
        for source, cases in of_source.items()
        for facts in cases.values()
        if "stored" in facts
    ]
    sentences = distribution.notes(stored)
    if settings.ignore_label is not None:
        sentences.append(_ignored(next(iter(of_source.values())), settings.ignore_label))
    return sentences


def _ignored(cases: Mapping[str, Mapping[str, Any]], label: int) -> str:
    """Say how many voxels count for nothing, and what becomes of distances."""
    some = [facts for facts in cases.values() if facts["ignored"]]
    ignored, voxels = (sum(facts[name] for facts in cases.values()) for name in ("ignored", "voxels"))
    return (
        f"Voxels that a rater labelled {label} count for nothing, in any metric: {ignored} voxels, "
        f"{100 * ignored / voxels:.2g} % of all, in {len(some)} of {len(cases)} cases. For distances, prediction and "
        "reference are both cut there, so each has a surface along the cut."
    )


def _read(cases: Mapping[str, Path]) -> dict[str, Mapping[str, Any]]:
    return {case: pieces.read_record(folder, PIECE) or {} for case, folder in cases.items()}
