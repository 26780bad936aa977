"""The numbers of the metrics, faster: compiled loops, each beside its twin of ten lines of numpy or scipy.

A twin (`…_plain`) says what its kernel computes; tests compare both. Metrics call these functions:
`surface_scan.scan` and `nearest.distances` for surfaces, `tally.tally` and `blocks.adaptive_errors` for calibration,
`band.near_another_class` for the boundary band, `sums.soft_sums` and `sums.count_steps` for soft labels.
What one compiled function calls stands in the same file: numba's cache does not notice a change in another one.
"""

VERSION = None  # words about the room
