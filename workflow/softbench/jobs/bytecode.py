"""Byte code of Python: kept in the user's cache where it cannot lie beside the modules, so that no start compiles anew.

With `PYTHONDONTWRITEBYTECODE` set, or where the packages lie in a folder that cannot be written, packages that were
installed without byte code are compiled again by each process: seconds for Snakemake, more for a job with torch.
Packages that have theirs are left alone: a cache in another place would hide it.
"""

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path

VERSION = None  # when a module is compiled decides nothing
PACKAGES = ("numpy", "pandas")  # which every process of this suite needs
OFF, PLACE = "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"
SAID = "said"  # in the cache: that a person was told


def keep(packages: Iterable[str] = PACKAGES) -> None:
    """Let this process, and those that it starts, keep byte code in the user's cache, where it would be lost else.

    The first time it says so; modules that were imported before have been compiled in vain.
    """
    if sys.pycache_prefix is not None or not any(map(_is_lost, packages)):
        return
    folder = cache()
    if folder is None:
        return
    sys.pycache_prefix, sys.dont_write_bytecode = str(folder), False
    os.environ[PLACE] = str(folder)
    os.environ.pop(OFF, None)
    if (folder / SAID).exists():
        return
    (folder / SAID).touch()
    print(
        f"The packages of this Python have no byte code, and none is written beside them ({OFF} is set, or their "
        f"folder is read-only). Jobs keep theirs in {folder}. So does Snakemake itself, which spares it seconds "
        f"at each start, after `export {PLACE}={folder}`.",
        file=sys.stderr,
    )


def cache() -> Path | None:
    """Return a folder for byte code that can be written: of the user, else of this project; None where neither can."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    for folder in (Path(home, "softbench", "bytecode"), Path(".snakemake", "softbench", "bytecode").absolute()):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


def _is_lost(package: str) -> bool:
    """Return whether a package has no byte code that Python would take, and will get none."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None or spec.cached is None or _is_valid(Path(spec.cached), Path(spec.origin)):
        return False
    return sys.dont_write_bytecode or not os.access(Path(spec.origin).parent, os.W_OK)


def _is_valid(code: Path, source: Path) -> bool:
    """Return whether byte code is of the source as it is, by its time and size (PEP 552)."""
    try:
        head, stat = code.read_bytes()[:16], source.stat()
    except OSError:
        return False
    numbers = [int.from_bytes(head[start : start + 4], "little") for start in (4, 8, 12)]
    flags, time, size = numbers
    known = head[:4] == importlib.util.MAGIC_NUMBER
    return known and (flags != 0 or (time == int(stat.st_mtime) & 0xFFFFFFFF and size == stat.st_size & 0xFFFFFFFF))
