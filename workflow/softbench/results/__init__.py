"""What finished runs say, for notebooks and scripts: tables, scores, differences and diagrams of a folder of results.

`load`, which is also `softbench.load`, reads what Snakemake left in `results/`, or what
`softbench score --output` wrote. Nothing is computed again.
"""

from softbench.results.example import example
from softbench.results.loaded import Results, load
from softbench.results.shown import Diagram, Shown

__all__ = ["Diagram", "Results", "Shown", "example", "load"]
VERSION = None  # names alone
