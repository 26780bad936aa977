"""Snakemake's lock after a kill: it stays, and the next call would refuse to run. It goes when its owner is gone.

A run notes its process when it has the lock. A lock whose noted owner, on this host, no longer lives is stale; one of
a living process, or of another host, is left alone, and Snakemake then says that the folder is in use.
"""

import json
import os
import platform
from pathlib import Path

import psutil

from softbench import pieces

OWNER = Path(".snakemake/owner.json")
LOCKS = Path(".snakemake/locks")


def note_owner() -> None:
    """Write down that this process holds the lock."""
    created = psutil.Process().create_time()
    pieces.write_json(OWNER, {"host": platform.node(), "pid": os.getpid(), "created": created})


def release_if_stale() -> bool:
    """Delete a lock that a killed process left; return whether there was one."""
    locks = list(LOCKS.glob("*.lock"))
    if not locks or not _owner_is_gone():
        return False
    for lock in locks:
        lock.unlink()
    return True


def _owner_is_gone() -> bool:
    """Return whether the noted owner ran on this host and has ended; an unknown owner counts as alive."""
    try:
        owner = json.loads(OWNER.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if owner["host"] != platform.node():
        return False
    try:
        process = psutil.Process(owner["pid"])
        return process.status() == psutil.STATUS_ZOMBIE or process.create_time() != owner["created"]
    except psutil.NoSuchProcess:
        return True
