"""Do the papers' sentences hold, on the numbers that they print and on ours: each sentence a test with a verdict."""

from softbench.papers.claims.judge import Outcome, Tested, judge, judge_all
from softbench.papers.claims.sentences import Claim, claims, names

__all__ = ["Claim", "Outcome", "Tested", "claims", "judge", "judge_all", "names"]
