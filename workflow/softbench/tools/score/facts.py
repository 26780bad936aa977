"""What the files of a case turned out to hold, besides their scores, and what a table says of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from softbench.errors import counted, in_words
from softbench.jobs import pieces
from softbench.jobs.faults import Fault
from softbench.metrics.kernels.boxes import count_ids
from softbench.tools.score import distribution, orientation
from softbench.tools.score.inputs import Settings, Source
from softbench.tools.score.volumes import Loaded

VERSION = 1
TURNED = "Are these files in the orientation that their headers say?"
ADVICE = {orientation.BEHIND: "Write the background as the first class."}
PIECE = "scores"
KINDS = ("labels", "reference_labels")
Folders = Mapping[Source, Mapping[str, Path]]


def describe(loaded: Loaded) -> dict[str, Any]:
    """Return what the record of a scored case keeps: voxels, those ignored, how probabilities were stored, labels."""
    shape = loaded.references.shape[1:]
    ignored = 0 if loaded.valid is None else int(np.count_nonzero(~loaded.valid))
    facts: dict[str, Any] = {"voxels": int(np.prod(shape)), "ignored": ignored, "turned": orientation.find(loaded)}
    if loaded.stored is not None:
        stored = loaded.stored
        return facts | {"stored": [stored.whole, stored.deviation, stored.one_hot]}
    arrays = (loaded.prediction, loaded.references)
    return facts | {name: _unique(array, loaded.valid) for name, array in zip(KINDS, arrays, strict=True)}


def _unique(array: np.ndarray, valid: np.ndarray | None) -> list[int]:
    return sorted(count_ids(array if valid is None else array[..., valid]))


def strangers(folders: Folders) -> Iterator[Fault]:
    """Yield the folders of label maps whose labels above 0 are in no reference of any case."""
    for source, cases in folders.items():
        of_case = _read(cases).values()
        held, wanted = ({label for facts in of_case for label in facts.get(name, ())} - {0} for name in KINDS)
        if held and wanted and not held & wanted:
            text = (
                f"they hold {_labels(held)}, and the references {_labels(wanted)}: none is in common. Write the "
                "predictions with the references' labels."
            )
            yield Fault(str(source), "", text)


def _labels(labels: set[int]) -> str:
    return f"the label{'' if len(labels) == 1 else 's'} {in_words(sorted(labels))}"


def turned(folders: Folders) -> Iterator[str]:
    """Yield a sentence for each folder whose predictions mostly fit their references better when they are turned."""
    for source, cases in folders.items():
        found = [facts["turned"] for facts in _read(cases).values() if facts.get("turned")]
        ways = Counter(way for way, *_ in found).most_common(1)
        if ways and ways[0][1] * 2 > len(cases):
            way, count = ways[0]
            after, before = (fmean(values[place] for values in found if values[0] == way) for place in (1, 2))
            yield (
                f"{source}: in {count} of {counted(len(cases), 'case')} the foreground fits its reference better "
                f"when it is {way} (mean DSC {after:.2f} instead of {before:.2f}). {ADVICE.get(way, TURNED)}"
            )


def notes(folders: Folders, settings: Settings) -> list[str]:
    """Return what a reader of the first table must know about what the files held."""
    of_source = {source: _read(cases) for source, cases in folders.items()}
    stored = [
        (source.method, *facts["stored"])
        for source, cases in of_source.items()
        for facts in cases.values()
        if "stored" in facts
    ]
    sentences = [*turned(folders), *distribution.notes(stored)]
    sentences += _absent(of_source.values(), settings)
    if settings.ignore_label is not None:
        sentences.append(_ignored(next(iter(of_source.values())), settings.ignore_label))
    return sentences


def _absent(sources: Iterable[Mapping[str, Mapping[str, Any]]], settings: Settings) -> Iterator[str]:
    """Yield a sentence for each structure with ids that no label map holds: perhaps a typing error."""
    every = [facts for cases in sources for facts in cases.values()]
    if not all(KINDS[0] in facts for facts in every):
        return  # probabilities: their ids are checked against the classes
    held = {label for facts in every for kind in KINDS for label in facts[kind]}
    for name, ids in (settings.structures or {}).items():
        if missing := set(ids) - held:
            found = f"no reference and no prediction holds {_labels(missing)}"
            yield f"structure {name!r}: {found}. Correct --structures?"


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
