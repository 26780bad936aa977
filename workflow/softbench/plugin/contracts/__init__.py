"""What every recipe must hold: one function a contract, run by `softbench check NAME` and by `tests/contracts`."""

from softbench.plugin.contracts import equalities, refusals, values
from softbench.plugin.contracts.contract import Contract, ContractError
from softbench.plugin.contracts.small_case import SmallCase, small_cases

__all__ = ["CONTRACTS", "Contract", "ContractError", "SmallCase", "small_cases"]

CONTRACTS = {one.name: one for room in (values, equalities, refusals) for one in room.CONTRACTS}
