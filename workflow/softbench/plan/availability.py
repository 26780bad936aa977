"""Is the data of a source at hand, or can a program have it: asked while jobs are planned, so imports are light."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from softbench.plan.modules import constant_of_source, source_has


def reason_missing(source: str, config: Mapping[str, Any], raw: Path = Path("results/raw")) -> str | None:
    """Say why no job can have the files of a source; None where one can.

    Args:
        source: a name of `datasets.names()`.
        config: `folders`, `mirror` and `data` decide; with `data: here` nothing is fetched.
        raw: folder of fetched sources.
    """
    if source.startswith("phantom_") or source in config["folders"] or _lies_there(raw / source):
        return None
    if config["data"] == "here":
        return "its data does not lie here, and `data: here` fetches none"
    access = constant_of_source(source, "ACCESS")
    if access == "own":
        return "it is data of your own, and `folders` does not name its place"
    if access == "manual" and not (config["mirror"] and source_has(source, "ARCHIVES")):
        return "its data is behind a login and needs a person to get it"
    if access == "token" and config["mirror"] is None and not os.environ.get(constant_of_source(source, "TOKEN")):
        return f"its data needs a token of your own in {constant_of_source(source, 'TOKEN')}"
    return None


def _lies_there(folder: Path) -> bool:
    """Return whether a source was fetched, or a person put files where they belong."""
    files = folder / "files"
    return (folder / "manifest.json").exists() or (files.is_dir() and any(files.iterdir()))
