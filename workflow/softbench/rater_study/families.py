"""Many verdicts at once: each stands only where it does after Holm's adjustment for all that a reader may search."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from softbench.rater_study import verdicts
from softbench.rater_study.judge import Judged, Structure
from softbench.rater_study.trials import ONE_HOT
from softbench.rater_study.verdicts import Verdict
from softbench.statistics.testing import Family, holm

VERSION = 1


def settle(judged: Sequence[Structure]) -> tuple[tuple[Structure, ...], int]:
    """Return the structures of a study with verdicts after adjustment, and the number of tests.

    The family are all pairs of soft labels in all structures: that a label is compared with the one of the lowest score
    is decided by the scores, and holds for whichever pair they choose. Pairs that are the same function are no test.

    Args:
        judged: all structures of a study.
    """
    family = holm({(of.name, *pair): p for of in judged for pair, p in of.pairs.items()})
    return tuple(_settled(of, family) for of in judged), family.size


def _settled(of: Structure, family: Family) -> Structure:
    order = list(of.lines)

    def settled(name: str, other: str, verdict: Verdict | None) -> Verdict | None:
        first, second = sorted((name, other), key=order.index)
        return None if verdict is None else verdicts.adjust(verdict, family.adjusted[of.name, first, second])

    lines = {
        name: replace(line, one_hot=settled(name, ONE_HOT, line.one_hot), leader=settled(name, of.leader, line.leader))
        for name, line in of.lines.items()
    }
    return replace(of, lines=lines)


def settle_parts(parts: Mapping[str, Mapping[str, Structure]]) -> tuple[dict[str, dict[str, Structure]], int]:
    """Return the strata of all structures, as `settle`; the family are all shown comparisons with one-hot.

    Args:
        parts: structure -> stratum -> what is said of it; lines without a width are not shown.
    """
    tests: dict[Hashable, float] = {
        (name, stratum, line): judged.one_hot.p
        for name, strata in parts.items()
        for stratum, of in strata.items()
        for line, judged in of.lines.items()
        if judged.one_hot is not None and judged.best is not None
    }
    family = holm(tests)

    def settled(line: Judged, *key: str) -> Judged:
        if line.one_hot is None or key not in tests:
            return line
        return replace(line, one_hot=verdicts.adjust(line.one_hot, family.adjusted[key]))

    def part(of: Structure, *key: str) -> Structure:
        return replace(of, lines={name: settled(line, *key, name) for name, line in of.lines.items()})

    every = {name: {key: part(of, name, key) for key, of in strata.items()} for name, strata in parts.items()}
    return every, family.size
