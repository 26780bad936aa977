"""Do the papers' sentences hold, on the numbers that they print and on ours: each sentence a test with a verdict."""

from softbench.claims.judge import judge, judge_all
from softbench.claims.outcome import Outcome, Tested
from softbench.claims.sentences import Claim, claims, names
from softbench.claims.write import write

__all__ = ["Claim", "Outcome", "Tested", "claims", "judge", "judge_all", "names", "write"]
