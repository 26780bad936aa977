"""Results that came without Snakemake's memory: copied to another machine, or with `.snakemake` deleted.

Snakemake then knows no job's settings, and a changed one would change nothing: old numbers under new settings. So the
lists of prepared data are deleted: every job looks again, finds its finished pieces by their keys, and makes what is
missing or of other settings.
"""

from pathlib import Path

MEMORY = Path(".snakemake/metadata")


def forgotten(results: Path) -> list[Path]:
    """Return the lists of prepared data of which Snakemake remembers nothing; none where it remembers anything."""
    if MEMORY.is_dir() and any(MEMORY.iterdir()):
        return []
    return sorted(results.glob("data/*/manifest.json"))


def look_again(results: Path) -> int:
    """Delete those lists, so that every job looks again at what is there; return how many there were."""
    lists = forgotten(results)
    for path in lists:
        path.unlink()
    return len(lists)
