"""Compiled loops for the metrics, each with a short reference implementation in numpy or scipy in the same file.

The reference implementation (`…_plain`) defines the result; tests compare both. Metrics call these functions:
`surface_scan.scan` and `nearest.distances` for surfaces, `tally.tally` and `blocks.adaptive_errors` for calibration,
`band.near_another_class` for the boundary band, `sums.soft_sums` and `sums.count_steps` for soft labels.
What one compiled function calls stands in the same file: numba's cache does not notice a change in another one.
"""

VERSION = None  # words about the room
