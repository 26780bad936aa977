"""`softbench check NAME`: a line a contract, and an exit code."""

import pytest
from softbench import InputError, cli, soft_labels
from softbench.tools.check import recipe
from softbench.tools.check.contracts import CONTRACTS, ContractError
from softbench.tools.check.findings import Finding


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the call of Snakemake, which tests/workflow makes."""
    monkeypatch.setattr(recipe, "check_rule", lambda *_, **__: iter([Finding("read by workflow", "ok", "")]))


@pytest.mark.usefixtures("quick")
def test_good_recipe_has_a_line_a_contract(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["check", "svls"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line[13:].split("  ")[0] for line in lines[:-1]]
    assert names == ["rule file", "module", *CONTRACTS, "read by workflow"]
    assert {line.split("  ")[0] for line in lines[:-1]} == {"ok", "not checked"}
    assert lines[-1] == "Fit."


@pytest.mark.usefixtures("quick")
def test_bad_recipe_is_told_by_file_cause_and_exit_code(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("float division by zero")

    monkeypatch.setattr(soft_labels.svls, "soften", crash)
    assert cli.main(["check", "svls"]) == 1
    said = capsys.readouterr().out
    assert (
        "failed       shape and range    svls.py, 2-D: it stopped with ZeroDivisionError: float division by zero"
        in said
    )
    assert said.splitlines()[-1].startswith("Not fit: ")


def test_what_a_contract_finds_is_told_with_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ContractError("the type is float64.")

    module = soft_labels.svls
    finding = recipe._of_contract(recipe.Contract("any", broken), module, recipe.FOLDER / "svls.py")
    assert (finding.verdict, finding.detail) == ("failed", "svls.py, 2-D: the type is float64.")


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"no recipe 'lss'.*Known recipes: blur, .*svls"):
        list(recipe.findings("lss"))
