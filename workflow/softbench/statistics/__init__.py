"""Is a difference real: the empty-mask policy, means with their spread, and differences paired over seeds."""

from softbench.statistics.paired import Difference, difference
from softbench.statistics.policy import apply as apply_policy
from softbench.statistics.summary import composite, summarise

__all__ = ["Difference", "apply_policy", "composite", "difference", "summarise"]
