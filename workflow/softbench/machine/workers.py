"""Can a job start worker processes: the loop over cases runs in them."""

from softbench.errors import InputError
from softbench.jobs import pool
from softbench.machine.finding import Finding

NAME = "worker processes"


def check() -> Finding:
    """Let two processes each compute a number; they need semaphores, on Linux in /dev/shm, and no room there."""
    try:
        found = pool.each(abs, [(-1,), (-2,)], workers=2, what="", log=lambda line: None)
    except (OSError, ImportError, InputError) as error:
        what = f"they cannot be started ({error}). Is /dev/shm mounted and writable, and are processes limited?"
        return Finding(NAME, "failed", f"{what} Until then: `--cores 1`.")
    if found != [1, 2]:
        return Finding(NAME, "failed", f"two of them gave {found} for |-1| and |-2|: do not trust this machine.")
    return Finding(NAME, "ok", "two were started, gave what they should and ended.")
