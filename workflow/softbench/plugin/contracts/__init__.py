"""What every recipe must hold: one function a contract, run by `softbench check NAME` and by `tests/contracts`."""

from softbench.plugin.contracts import equalities, refusals, values
from softbench.plugin.contracts.contract import Broken, Contract
from softbench.plugin.contracts.small_case import SmallCase, small_cases

__all__ = ["CONTRACTS", "Broken", "Contract", "SmallCase", "small_cases"]

CONTRACTS = {one.name: one for room in (values, equalities, refusals) for one in room.CONTRACTS}
