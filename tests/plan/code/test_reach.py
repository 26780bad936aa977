"""What `Code` says is reached is what Python imports: by its byte code, and by what a fresh process loads."""

from collections.abc import Callable
from pathlib import Path

import pytest
from softbench.plan.code import Code
from softbench.plan.code.stages import FIRST, INFERRING

WORKFLOW = Path(__file__).parents[3] / "workflow"
SCRIPTS = sorted(f"scripts/{path.name}" for path in (WORKFLOW / "scripts").glob("*.py"))
ENTRIES = sorted({*SCRIPTS, *FIRST.values(), INFERRING})
SAMPLE = ["scripts/table.py", "scripts/report.py", FIRST["map"], FIRST["train"], FIRST["score"]]


def modules(code: Code, entry: str) -> set[str]:
    return {path for path in code.reached(entry) if path.endswith(".py")}


@pytest.mark.parametrize("entry", ENTRIES)
def test_byte_code_of_an_entry_imports_the_same_modules(
    entry: str, code: Code, followed: Callable[..., set[str]]
) -> None:
    assert modules(code, entry) == followed(entry)


@pytest.mark.parametrize("entry", SAMPLE)
def test_process_that_imports_an_entry_loads_no_other_module(
    entry: str, code: Code, imported: Callable[[str], set[str]]
) -> None:
    loaded = imported(entry)
    assert len(loaded) > 5
    assert loaded <= modules(code, entry)


@pytest.mark.torture
@pytest.mark.parametrize("entry", sorted(set(ENTRIES) - set(SAMPLE)))
def test_process_that_imports_any_entry_loads_no_other_module(
    entry: str, code: Code, imported: Callable[[str], set[str]]
) -> None:
    assert imported(entry) <= modules(code, entry)


def test_functions_import_little_that_a_process_does_not_load(code: Code, imported: Callable[[str], set[str]]) -> None:
    """`Code` follows imports inside functions too; the two counts must not drift apart, or fingerprints say nothing."""
    entry = "scripts/table.py"
    assert len(modules(code, entry)) <= 1.5 * len(imported(entry))
