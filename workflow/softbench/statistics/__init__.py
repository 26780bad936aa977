"""Is a difference real: means with their spread, differences paired over seeds, tests, what they can see, and ranks."""

from softbench.statistics.bootstrap import NewPatients, new_patients
from softbench.statistics.crossed import Crossed, crossed_difference
from softbench.statistics.intervals import draw_means, reason_against
from softbench.statistics.paired import Difference, Equivalence, Pairs, difference, differences, equivalence, pair
from softbench.statistics.ranking import Agreement, Friedman, Ranks, agreement, friedman, ranks
from softbench.statistics.summary import apply_policy, composite, seed_means, summarise
from softbench.statistics.testing import Family, detectable, holm, power, seeds_needed

__all__ = [
    "Agreement",
    "Crossed",
    "Difference",
    "Equivalence",
    "Family",
    "Friedman",
    "NewPatients",
    "Pairs",
    "Ranks",
    "agreement",
    "apply_policy",
    "composite",
    "crossed_difference",
    "detectable",
    "difference",
    "differences",
    "draw_means",
    "equivalence",
    "friedman",
    "holm",
    "new_patients",
    "pair",
    "power",
    "ranks",
    "reason_against",
    "seed_means",
    "seeds_needed",
    "summarise",
]
