"""How long the runs of a block were trained and in which precision, as their batches tell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from softbench.length import Length, words

VERSION = 1
Seed = Mapping[str, Any]  # what a batch's manifest tells of a finished seed


def sentences(lengths: Sequence[Mapping[str, Any]], seeds: Mapping[str, Sequence[Seed]]) -> tuple[str, ...]:
    """Return the lines under a table that say the steps of a block's runs beside their epochs, and their precision.

    Args:
        lengths: of `plan.notes.lengths_of`; what is None there is taken from the runs.
        seeds: method -> what its batches tell of its finished seeds.
    """
    several = len(lengths) > 1
    said = [_length(one, _facts(one["methods"], seeds), named=several) for one in lengths]
    return (*said, *_precision([facts for one in lengths for facts in _facts(one["methods"], seeds)]))


def _facts(methods: Sequence[str], seeds: Mapping[str, Sequence[Seed]]) -> list[Mapping[str, Any]]:
    return [seed["training"] for method in methods for seed in seeds.get(method, ()) if "training" in seed]


def _length(one: Mapping[str, Any], facts: Sequence[Mapping[str, Any]], *, named: bool) -> str:
    length = Length(**one["length"])
    if length.cases is None and facts:
        length = replace(length, cases=facts[0]["cases"], steps=facts[0]["steps"])
    whose = f" of {', '.join(one['titles'])}" if named else ""
    return f"Training{whose}: {words(length)}."


def _precision(facts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    found = sorted({one["precision"] for one in facts})
    if found:
        yield f"Precision of the activations in these runs: {' and '.join(found)}."
