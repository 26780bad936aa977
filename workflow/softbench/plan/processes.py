"""How many cases of a study of raters are taken at a time, so that a job stays within the memory that it asked for."""

VERSION = None  # changes no number
PROCESS_MB = 1300  # of one process: at most 1180 MB on 48 cases of KiTS 2023, with room


def processes(threads: int, memory_mb: float) -> int:
    """Return how many cases are taken at a time with so many CPUs and so much memory, MB."""
    return max(1, min(threads, int(memory_mb // PROCESS_MB)))
