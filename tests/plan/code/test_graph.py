"""Reach, VERSIONs and fingerprints of a small tree; and the cache of its facts."""

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan.code import Code, graph

Tree = Callable[[dict[str, str]], Path]
FILES = {
    "scripts/table.py": "from softbench.tables import form",
    "softbench/__init__.py": "VERSION = None",
    "softbench/tables/__init__.py": "",
    "softbench/tables/form.py": 'from softbench import shared\nVERSION = 2\nPAGE = HERE / "page.html.j2"',
    "softbench/tables/page.html.j2": '{% include "row.html.j2" %}',
    "softbench/tables/row.html.j2": "<td>",
    "softbench/tables/other.html.j2": "<p>",
    "softbench/shared.py": 'VERSION = 1\nSCHEMA = FOLDER / "form.schema.yaml"',
    "softbench/recipes/__init__.py": 'import importlib\nimportlib.import_module(f"softbench.recipes.{name}")',
    "softbench/recipes/mine.py": "from softbench import shared\nVERSION = 7",
    "schemas/form.schema.yaml": "type: object",
}


def test_module_reaches_what_it_imports_and_the_data_that_it_names(tree: Tree) -> None:
    assert Code(tree(FILES)).reached("scripts/table.py") == set(FILES) - {
        "softbench/tables/other.html.j2", "softbench/recipes/__init__.py", "softbench/recipes/mine.py",
    }  # fmt: skip


def test_what_a_package_offers_is_reached_by_who_names_it(tree: Tree) -> None:
    lazy = "if TYPE_CHECKING:\n    from softbench.tables.form import write as show\ndef __getattr__(name): ..."
    users = {
        "scripts/one.py": "from softbench.tables import show",
        "scripts/two.py": "from softbench import tables\ndef f():\n    tables.show()",
        "scripts/three.py": "from softbench import tables\ntables.hide()",
    }
    code = Code(tree(FILES | users | {"softbench/tables/__init__.py": lazy}))
    assert ["softbench/tables/form.py" in code.reached(script) for script in users] == [True, True, False]


def test_module_reaches_the_packages_that_it_lies_in(tree: Tree) -> None:
    assert {"softbench/__init__.py", "softbench/recipes/__init__.py"} <= Code(tree(FILES)).reached(
        "softbench/recipes/mine.py"
    )


def test_what_is_loaded_by_name_counts_only_where_it_is_given(tree: Tree) -> None:
    code = Code(tree(FILES))
    assert "softbench/recipes/mine.py" not in code.reached("softbench/recipes/__init__.py")
    assert code.versions("softbench/recipes/__init__.py", "softbench/recipes/mine.py") == {
        "softbench/recipes/mine.py": 7
    }


def test_version_1_is_left_out_so_that_one_newly_declared_changes_no_key(tree: Tree) -> None:
    before = Code(tree(FILES)).versions("scripts/table.py")
    after = Code(tree({"softbench/tables/__init__.py": "VERSION = 1"})).versions("scripts/table.py")
    assert before == after == {"softbench/tables/form.py": 2}


@pytest.mark.parametrize("path", ["softbench/shared.py", "softbench/tables/row.html.j2", "schemas/form.schema.yaml"])
def test_fingerprint_follows_what_is_reached(tree: Tree, path: str) -> None:
    before = Code(tree(FILES))
    after = Code(tree({path: FILES[path] + "\nA = 1"}))
    assert after.fingerprint("scripts/table.py") != before.fingerprint("scripts/table.py")
    assert after.own_fingerprint("scripts/table.py") == before.own_fingerprint("scripts/table.py")


def test_fingerprint_leaves_out_what_counts_elsewhere(tree: Tree) -> None:
    but = ["softbench/shared.py"]
    before = Code(tree(FILES)).fingerprint("scripts/table.py", but=but)
    assert Code(tree({"softbench/shared.py": "VERSION = 9"})).fingerprint("scripts/table.py", but=but) == before


def test_modules_without_a_version_are_told(tree: Tree) -> None:
    assert Code(tree(FILES)).undeclared("scripts/table.py") == ["softbench/tables/__init__.py"]


def test_entry_that_does_not_exist_and_one_that_is_no_python_are_named(tree: Tree) -> None:
    with pytest.raises(InputError, match=r"scripts/chart\.py is named by a rule but does not exist"):
        Code(tree(FILES)).reached("scripts/chart.py")
    with pytest.raises(InputError, match=r"shared\.py, line 1 is no Python"):
        Code(tree({"softbench/shared.py": "VERSION ="})).reached("scripts/table.py")


def test_cache_gives_the_same_answers_and_looks_only_at_what_changed(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflow, looked = tree(FILES), []
    cache = workflow.parent / "cache.json"
    first, look = Code(workflow, cache), graph._look
    monkeypatch.setattr(graph, "_look", lambda folder, path: looked.append(path) or look(folder, path))
    assert Code(workflow, cache).facts == first.facts
    assert looked == []
    tree({"softbench/shared.py": "VERSION = 22"})
    (workflow / "softbench/recipes/mine.py").unlink()
    second = Code(workflow, cache)
    assert looked == ["softbench/shared.py"]
    assert second.versions("scripts/table.py")["softbench/shared.py"] == 22
    assert "softbench/recipes/mine.py" not in json.loads(cache.read_text())["files"]


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", '{"form": 1}', '{"form": 1, "files": {"a": 1}}', '{"form": 0, "files": {}}']
)
def test_broken_cache_is_made_anew(tree: Tree, broken: str) -> None:
    workflow = tree(FILES)
    cache = workflow.parent / "cache.json"
    whole = Code(workflow, cache).facts
    good = cache.read_text()
    cache.write_text(broken)
    assert Code(workflow, cache).facts == whole
    assert cache.read_text() == good


def test_cache_that_cannot_be_written_stops_nobody(tree: Tree) -> None:
    workflow = tree(FILES)
    (workflow.parent / "file").write_text("")
    assert Code(workflow, workflow.parent / "file" / "cache.json").facts


def test_many_may_write_the_cache_at_once(tree: Tree) -> None:
    workflow = tree(FILES)
    cache = workflow.parent / "folder" / "cache.json"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: Code(workflow, cache).facts, range(32)))
    assert all(facts == found[0] for facts in found)
    assert os.listdir(cache.parent) == ["cache.json"]
    assert json.loads(cache.read_text())["files"].keys() == found[0].keys()


def test_warm_start_on_the_suite_takes_less_than_a_tenth_of_a_second(workflow: Path, tmp_path: Path) -> None:
    Code(workflow, tmp_path / "cache.json")
    taken = []
    for _ in range(5):
        began = time.process_time()
        Code(workflow, tmp_path / "cache.json").fingerprint("scripts/table.py")
        taken.append(time.process_time() - began)
    assert min(taken) < 0.1
