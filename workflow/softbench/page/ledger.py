"""What was run: runs done and failed, and when, where and at which commit, as the records beside the batches say."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.jobs import joint_manifest
from softbench.tables.parts import Failure

SHORT = 12  # characters of a commit that a reader sees


@dataclass(frozen=True)
class Ledger:
    """Runs of some batches: `done` ones, `failed` ones, and the circumstances of those done, each once and sorted."""

    done: int = 0
    seeds: tuple[int, ...] = ()
    failed: tuple[Failure, ...] = ()
    days: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """The days on which runs began: one, or first and last; empty where no record lies beside the runs."""
        return " to ".join(dict.fromkeys([*self.days[:1], *self.days[-1:]]))


def read(batches: Iterable[Path], untrained: Collection[str] = ()) -> Ledger:
    """Read batch manifests and, beside them, each seed's provenance; a record that is missing is left out.

    Args:
        batches: paths of `batch-<n>.json`, or of what lists several.
        untrained: methods that are scored and not trained; they are no runs.
    """
    done: list[Path] = []
    failed: list[Failure] = []
    for batch in joint_manifest.read(batches):
        method = batch.content["run"]["method"]
        for seed, outcome in ({} if method in untrained else batch.content["seeds"]).items():
            if outcome["status"] == "failed":
                failed.append(Failure(method, int(seed), outcome["reason"]))
            else:
                done.append(batch.path.parent / f"seed-{seed}")
    records = [json.loads(one.read_text(encoding="utf-8")) for one in map(_record, done) if one.exists()]
    return Ledger(
        done=len(done),
        seeds=tuple(sorted({int(folder.name.removeprefix("seed-")) for folder in done})),
        failed=tuple(failed),
        days=_once(record["began"][:10] for record in records),
        commits=_once(_short(record["commit"]) for record in records),
        machines=_once(map(_machine, records)),
    )


def _record(folder: Path) -> Path:
    return folder / "provenance.json"


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _short(commit: str) -> str:
    name, plus, changes = commit.partition("+")
    return name[:SHORT] + plus + changes


def _machine(record: dict[str, Any]) -> str:
    """Name the GPU, or the processor where there is none."""
    device = str(record["device"])
    return str(record.get("processor", device)) if device == "cpu" else device
