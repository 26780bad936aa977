"""A method from its template: whole, within the contracts, and refused where its name is taken or none."""

import shutil
import subprocess
from pathlib import Path

import pytest
from softbench import InputError
from softbench.cli import main
from softbench.plan import rule_files
from softbench.tools.check.contracts import CONTRACTS, small_cases
from softbench.tools.new import FORMS, make_method


@pytest.mark.parametrize("form", ["labels", "image"])
def test_module_of_the_template_keeps_every_contract(form: str, changed) -> None:
    module = changed(form=form)
    for contract in CONTRACTS.values():
        for case in small_cases().values():
            if not contract.left_out(module):
                contract.check(module, case)


@pytest.mark.parametrize("form", FORMS)
def test_files_are_written_as_the_formatters_want_them(form: str, place: Path, root: Path) -> None:
    said = make_method("mine", form, place)
    written = [place / line.removeprefix("wrote ") for line in said.splitlines() if line.startswith("wrote ")]
    assert "softbench check mine" in said
    assert rule_files.check_names(place / "workflow/rules/soft_labels") == [written[0]]
    subprocess.run(["snakefmt", "--check", written[0]], check=True)
    for path in ("workflow/softbench/__init__.py", "workflow/softbench/soft_labels/__init__.py"):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text('"""A room."""\n')
    shutil.copy(root / "pyproject.toml", place)
    for how in (["check"], ["format", "--check"]):
        done = subprocess.run(["ruff", *how, "."], cwd=place, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["ls", "focal", "reader", "class", "Mine", "my-method", "", "../x"])
def test_names_that_are_taken_or_are_none_are_refused(name: str, place: Path, root: Path) -> None:
    shared = place / "workflow/softbench/soft_labels/reader.py"
    shared.parent.mkdir(parents=True)
    shared.touch()
    with pytest.raises(InputError, match=f"NAME={name} "):
        make_method(name, "labels", place)
    assert list(place.rglob("*.smk")) == []


def test_nothing_is_overwritten(place: Path) -> None:
    make_method("mine", "perl", place)
    with pytest.raises(InputError, match=r"mine\.smk.*already"):
        make_method("mine", "perl", place)


def test_call_without_a_name_or_with_an_unknown_language_says_what_to_type(capsys: pytest.CaptureFixture) -> None:
    assert main(["new", "method"]) == main(["new", "method", "mine", "cobol"]) == 1
    said = capsys.readouterr().err
    assert "make method NAME=mine\n" in said
    assert "no template 'cobol'. Leave it out, or say IMAGE=yes, LANGUAGE=perl or LANGUAGE=R" in said
