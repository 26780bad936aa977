"""The contract of a recipe, run on every recipe found: a new one is tested by being there."""

import pytest
from softbench import soft_labels
from softbench.tools.check.contracts import CONTRACTS, small_cases


@pytest.mark.parametrize("recipe", soft_labels.names())
@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("dims", small_cases())
def test_recipe_keeps_its_contracts(recipe: str, contract: str, dims: str) -> None:
    module, chosen = soft_labels.recipe(recipe), CONTRACTS[contract]
    if reason := chosen.left_out(module):
        pytest.skip(reason)
    chosen.check(module, small_cases()[dims])
