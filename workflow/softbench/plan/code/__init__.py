"""Which code decides a result: modules found by following imports, their VERSIONs, and fingerprints of their code."""

from softbench.plan.code.graph import Code
from softbench.plan.code.stages import Stages

__all__ = ["Code", "Stages"]
