"""What a soft label cost: CPU seconds summed over the cases of its data set, with those of the maps that it mixes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class LabelCost:
    """CPU seconds over all cases, those of the `map` among them (0 without one); None where no record tells them."""

    cpu_s: float | None
    map: str = ""
    map_cpu_s: float | None = 0.0


def cost_of(folder: Path) -> LabelCost:
    """Return what a soft label took: reading, softening and storing each case; its quality numbers are not in it.

    Args:
        folder: of the soft label, with manifest.json.
    Returns: the sums. They are known only where every case was timed, whatever stopped and restarted the job.
    """
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    own = _sum([folder / "provenance.json"])
    if manifest.get("map") is None:
        return LabelCost(own)
    maps = (folder / manifest["map"]).resolve()
    shards = [path for path in sorted(maps.glob("shard-*.json")) if path.name.count(".") == 1]
    of_map = _sum(path.with_suffix(".provenance.json") for path in shards)
    total = None if own is None or of_map is None else own + of_map
    return LabelCost(total, maps.name, of_map)


def _sum(records: Iterable[Path]) -> float | None:
    """Return the seconds of all records; None where there is none, or one does not tell those of all its cases."""
    seconds = [_seconds(path) for path in records]
    known = [one for one in seconds if one is not None]
    return sum(known) if known and len(known) == len(seconds) else None


def _seconds(path: Path) -> float | None:
    if not path.exists():
        return None
    facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    whole = "cases_timed" in facts and facts["cases_timed"] == facts["cases"]
    return float(facts["cases_cpu_seconds"]) if whole else None
