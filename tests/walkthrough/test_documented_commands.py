"""No documented command escapes: it is run by the walk, or listed with the reason why not."""

import re
import shlex
from pathlib import Path

import documents
import ledger
import outcome
import pytest
import stand_ins
from shell import Shell
from softbench import cli

PAGE = """# Page
Type `make demo`, not `snakemake …` or `softbench`; `make a` twice: `make a`.
```
make one   # a comment
softbench two 'a # b' \\
    --more
```
```console
$ softbench three
printed by it
```
```text
make nothing
```
```python
# workflow/softbench/new.py
VERSION = 1
```
| verb | does |
|---|---|
| `make four` | what `make five` does |
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_every_documented_command_is_run_or_listed_with_a_reason() -> None:
    unknown = [f"{step.document}:{step.line}: {step.text}" for step in ledger.unknown()]
    assert unknown == [], "run them in a page of ledger.WALKED, or list them in tests/walkthrough/commands.yaml"


def test_every_listed_command_has_its_reason() -> None:
    assert len(ledger.exceptions()) > 10
    assert all(entry["reason"].strip() for entry in ledger.exceptions().values())


def test_code_of_tutorials_is_run(root: Path) -> None:
    run = " ".join(turn.run or "" for turn in ledger.turns())
    assert list((root / "docs" / "tutorials").glob("*.md"))
    assert all(f"docs/tutorials/{path.name}" in run for path in (root / "docs" / "tutorials").glob("*.md"))


def test_verbs_of_make_exist(root: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    named = {step.text.split()[1] for step in ledger.commands() if step.text.startswith("make ")}
    assert named <= known


def test_commands_of_softbench_have_the_arguments_that_they_need() -> None:
    for turn in ledger.turns():
        words = shlex.split(turn.run or "")
        if words[:1] == ["softbench"] and "--help" not in words:
            cli._parsed(words[1:])  # ends the test where the command line is refused


def test_files_after_configfile_are_written_by_a_command_before(root: Path) -> None:
    written: set[str] = set()
    for turn in ledger.turns():
        written |= {f"{match[2]}.yaml" for match in outcome.MADE.finditer(turn.step.text)}
        for name in re.findall(r"--configfile (\S+)", turn.run or ""):
            assert name in written or (root / name).exists(), turn.step


def test_commands_are_found_in_blocks_tables_and_sentences(page: Path) -> None:
    found = [(step.kind, step.text) for step in documents.steps(page)]
    assert found == [
        ("sentence", "make demo"),
        ("sentence", "make a"),
        ("sentence", "make a"),
        ("block", "make one"),
        ("block", "softbench two 'a # b' --more"),
        ("block", "softbench three"),
        ("file", "VERSION = 1\n"),
        ("table", "make four"),
    ]


def test_lines_are_those_of_the_page(page: Path) -> None:
    lines = PAGE.splitlines()
    for step in documents.steps(page):
        if step.kind != "file":
            assert step.text.split(" '")[0].split(" --")[0] in lines[step.line - 1]


def test_shell_keeps_what_a_command_set_and_tells_what_failed(tmp_path: Path) -> None:
    shell = Shell(tmp_path, tmp_path / "log", {"GIVEN": "this"})
    assert shell.type("export KEPT=$GIVEN")[0] == 0
    assert shell.type('[ "$KEPT" = this ]')[0] == 0
    assert shell.type("echo why; false")[0] == 1
    assert shell.last_words() == "why"
    assert shell.type("exit 3")[0] == 3


def test_new_method_counts_only_with_numbers_in_a_row(tmp_path: Path) -> None:
    tables = tmp_path / "results" / "tables"
    tables.mkdir(parents=True)
    assert not outcome.stands(tmp_path, "method", "foo")
    (tables / "demo.md").write_text("| foo | – |\n| foot | 0.5 |\n")
    assert not outcome.stands(tmp_path, "method", "foo")
    (tables / "demo.md").write_text("| foo | **0.853 ± 0.01** |\n")
    assert outcome.stands(tmp_path, "method", "foo")
    (tables / "other.md").write_text("| foo\\_2 | 0.853 |\n")
    assert outcome.stands(tmp_path, "method", "foo_2")
    assert not outcome.stands(tmp_path, "network", "baz")


def test_stand_ins_are_what_the_commands_name(tmp_path: Path) -> None:
    data = stand_ins.make(tmp_path / "data", tmp_path / "clone", None)
    named = {name for turn in ledger.turns() for name in re.findall(r"\$DATA/(\w+)", turn.run or "")}
    assert named == {path.name for path in data.iterdir()}
    assert len(list((data / "Dataset001_Bar" / "labelsTr").iterdir())) == stand_ins.CASES
