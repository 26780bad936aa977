"""Code that changed though its VERSION did not: which results of it lie there, as a run begins, and what to do.

A result counts as touched where a module that its stage reached has another fingerprint now and the same VERSION. Where
any VERSION of its stage was raised it is made anew anyway, and where somebody said that a change moves no number
(`keep`) it is as good as unchanged; of both nothing is told. A result of before this record was kept tells nothing.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from softbench.errors import InputError
from softbench.plan.code import record
from softbench.plan.code.graph import Code
from softbench.plan.code.record import Modules

KEPT = "kept.json"  # beside the records: pairs of fingerprints of a module that give the same numbers
RAISED = re.compile(r"^VERSION(: int)? = (\d+)", re.MULTILINE)

Touched = dict[str, Counter[str]]  # module -> what was made of its earlier code -> how many
Pairs = dict[str, list[list[str]]]  # module -> fingerprints, two and two


def lines(results: Path, code: Code) -> list[str]:
    """Return what to say as a run begins; nothing where all results are of the code as it is."""
    touched = find(results, code)
    if not touched:
        return []
    told = [f"  {path} ({_counted(counts)})" for path, counts in touched.items()]
    return [
        "The code of these modules has changed since it made results that lie here, but their VERSION has not:",
        *told,
        "If numbers change: `softbench code raise` raises these VERSIONs, and this command makes the results anew.",
        "If none changes: `softbench code keep` says so, and this is not told again.",
    ]


def find(results: Path, code: Code) -> Touched:
    """Return the modules that changed under results of theirs, and how many results."""
    kept = _kept(results)
    known: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
    touched: Touched = defaultdict(Counter)
    for what, stages, names in record.results_made(results):
        changed: set[str] = set()
        for name in names:
            if (name, stages) not in known:
                known[name, stages] = _changed(_recorded(results, name, stages), code, kept)
            changed |= known[name, stages]
        for path in changed:
            touched[path][what] += 1
    return dict(sorted(touched.items()))


def keep(results: Path, code: Code) -> list[str]:
    """Note that the changed modules give the numbers that they gave; return them."""
    from softbench.jobs import pieces

    touched, kept = find(results, code), _kept(results)
    names = {(name, stages) for _, stages, of_result in record.results_made(results) for name in of_result}
    recorded = [_recorded(results, name, stages) for name, stages in names]
    for path in touched:
        now = code.own_fingerprint(path)
        before = {modules[path][1] for modules in recorded if path in modules} - {now}
        kept[path] = sorted([*kept.get(path, []), *([one, now] for one in before)])
    if touched:
        pieces.write_json(_folder(results) / KEPT, kept)
    return list(touched)


def raise_versions(results: Path, code: Code) -> list[str]:
    """Raise the VERSION of each changed module in its file by one; return them.

    Raises: InputError: if a file has no line such as `VERSION = 2`.
    """
    touched = find(results, code)
    for path in touched:
        file = code.workflow / path
        text, count = RAISED.subn(lambda line: f"VERSION{line[1] or ''} = {int(line[2]) + 1}", file.read_text("utf-8"))
        if count != 1:
            raise InputError(f"{file} must have one line `VERSION = ...`, but has {count}. Raise it by hand.")
        file.write_text(text, encoding="utf-8")
    return list(touched)


def _changed(modules: Modules, code: Code, kept: Pairs) -> frozenset[str]:
    """Return the modules whose code is another at the same VERSION; none where any has another VERSION."""
    there = {path: code.facts[path] for path in modules if path in code.facts}
    if any(there[path].version != modules[path][0] for path in there):
        return frozenset()
    marks = {path: (modules[path][1], facts.fingerprint) for path, facts in there.items()}
    return frozenset(path for path, (before, now) in marks.items() if not _same(kept.get(path, []), before, now))


def _same(pairs: Iterable[list[str]], before: str, now: str) -> bool:
    """Return whether steps that move no number lead from one fingerprint to the other."""
    reached, grows = {before}, True
    while grows:
        new = {one for pair in pairs if reached & set(pair) for one in pair} - reached
        reached |= new
        grows = bool(new)
    return now in reached


def _recorded(results: Path, name: str, stages: tuple[str, ...]) -> Modules:
    reached = record.read(name, _folder(results))
    return {path: facts for stage in stages for path, facts in reached.get(stage, {}).items()}


def _kept(results: Path) -> Pairs:
    try:
        kept: Pairs = json.loads((_folder(results) / KEPT).read_text(encoding="utf-8"))
        return kept if isinstance(kept, dict) else {}
    except (OSError, ValueError):
        return {}


def _folder(results: Path) -> Path:
    return results / "logs" / "code"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.items())
