"""The time that a job has: training stops in time to save what it has done."""

import time

MARGIN_S = 60.0  # for the last look, a checkpoint and the end of the process
SHARE = 0.05  # of long limits: a shared disk may be slow


def deadline(runtime_min: float | None) -> float | None:
    """Return when training must stop, on the clock of `time.monotonic`; None where a job has no limit.

    Args: runtime_min: the job's resource `runtime`, minutes, counted from now.
    """
    if runtime_min is None:
        return None
    limit_s = 60 * float(runtime_min)
    return time.monotonic() + limit_s - max(MARGIN_S, SHARE * limit_s)
