"""What did it cost: time, memory, energy and disk of soft labels and of training, as the records beside them say.

Costs are circumstance. They are read from provenance files, which no rule has as an input, and decide no number.
"""

from softbench.costs.command import add_to, collect

__all__ = ["add_to", "collect"]
