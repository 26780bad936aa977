"""The contract of a rule whose program has no module here: what it writes for phantoms is read as training would."""

import pytest
from softbench import soft_labels
from softbench.tools.check.recipe import DATASETS, ROOT, RULES, check_rule

PROGRAMS = sorted({path.stem for path in RULES.glob("*.smk")} - set(soft_labels.names()))


@pytest.mark.slow
@pytest.mark.parametrize("recipe", PROGRAMS)
def test_program_keeps_its_contract(recipe: str) -> None:
    found = list(check_rule(recipe, ROOT, only_read=False))
    assert [one for one in found if one.verdict != "ok"] == []
    assert len(found) == 1 + len(DATASETS)
