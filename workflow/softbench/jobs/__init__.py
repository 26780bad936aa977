"""What jobs need: pieces with keys, logs, locks, clocks, progress, what went wrong with a file, and provenance."""

VERSION = None  # decides no number
