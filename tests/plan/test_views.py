"""Views as their files declare them: one sound file is enough, and a bad one stops at once, by its name."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from softbench import InputError
from softbench.plan import modules, views
from softbench.plan.bridge import answers
from softbench.plan.plan import Plan
from softbench.tables.view import View

SOUND = """from softbench.tables.view import View

VIEW = View(
    name="mine",
    title="Mine",
    caption="What I look at.",
    build=build,
)


def build(material): ...
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with no view but those that a test writes."""
    for room in views.ROOMS:
        (tmp_path / room).mkdir(parents=True)
        (tmp_path / room / "__init__.py").touch()
    monkeypatch.setattr(modules, "PACKAGE", tmp_path)
    return tmp_path


def test_one_file_is_a_view_and_its_files_follow_from_its_folder(package: Path) -> None:
    (package / "tables/views/mine.py").write_text(SOUND)
    (package / "figures/views/seen.py").write_text(SOUND.replace('"mine"', '"seen",\n    of=("paper",)'))
    (mine,) = views.declared("methods")
    assert (mine.name, mine.title, mine.caption, mine.folded) == ("mine", "Mine", "What I look at.", False)
    assert mine.dotted == "softbench.tables.views.mine"
    assert mine.files("t") == [f"results/tables/mine_t.{form}" for form in ("csv", "md", "tex", "html")]
    (seen,) = views.declared("paper")
    assert seen.files("t") == [f"results/figures/seen_t.{form}" for form in ("png", "pdf", "txt")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("VIEW = View(", "VIEW = View((", r"mine\.py, line \d+ is no Python"),
        ("VIEW = ", "SIGHT = ", r"mine\.py must assign `VIEW = View\(name=…, …\)`"),
        ('    title="Mine",\n', "", r"mine\.py: VIEW lacks title; see softbench/tables/view\.py"),
        ("    build=build,\n", "", r"mine\.py: VIEW lacks build"),
        ('    title="Mine",\n', '    title="",\n', r"mine\.py: `title` of VIEW must be a text, but is ''"),
        ('    title="Mine",\n', '    title="Mine",\n    place="15",\n', r"`place` of VIEW must be a whole number"),
        ('    title="Mine",\n', '    title="Mine",\n    of=("paper"),\n', r"`of` of VIEW must be a tuple of texts"),
        ("    build=", "    foldet=True,\n    build=", r"mine\.py: VIEW has no argument foldet; known: name, title"),
        ("    build=", '    file="mine",\n    build=', r"mine\.py: `file` must hold \{table\}, but is 'mine'"),
        ("    build=", '    of=("pages",),\n    build=', r"mine\.py: `of` holds pages; kinds: methods, paper"),
        (
            "    build=",
            '    needs=("score",),\n    build=',
            r"mine\.py: `needs` holds score; tables of 'methods' have sc",
        ),
        ('caption="What I look at."', "caption=words()", r"mine\.py: `caption` of VIEW must be written out"),
    ],
)
def test_unsound_view_stops_with_its_file_and_what_to_do(package: Path, old: str, new: str, message: str) -> None:
    assert old in SOUND
    (package / "tables/views/mine.py").write_text(SOUND.replace(old, new))
    with pytest.raises(InputError, match=message) as told:
        views.declared("methods")
    assert str(package) in str(told.value)


def test_need_that_papers_tables_have_not_is_refused_of_their_views(package: Path) -> None:
    text = SOUND.replace("    build=", '    needs=("margins",),\n    of=("methods", "paper"),\n    build=')
    (package / "tables/views/mine.py").write_text(text)
    with pytest.raises(InputError, match=r"`needs` holds margins; tables of 'paper' have scores, soft_labels"):
        views.declared("paper")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            SOUND.replace('name="mine"', 'name="other",\n    file="mine_{table}"'),
            "are views of one file, 'mine_{table}'",
        ),
        (SOUND.replace('name="mine"', 'name="mine",\n    file="other_{table}"'), "are views of one name, 'mine'"),
    ],
)
def test_two_views_of_one_file_or_one_name_are_refused(package: Path, other: str, message: str) -> None:
    (package / "tables/views/mine.py").write_text(SOUND)
    (package / "tables/views/other.py").write_text(other)
    with pytest.raises(InputError, match=message) as told:
        views.declared("methods")
    assert "tables/views/mine.py" in str(told.value)
    assert "tables/views/other.py" in str(told.value)


def test_needs_and_arguments_are_those_that_there_are(root: Path) -> None:
    """What the plan checks views against is what jobs give them."""
    plan = answers(Plan.read(root))
    given = plan.views.given(SimpleNamespace(table="demo_brain"))
    paper = plan.views.given_of_paper(SimpleNamespace(table="svls_1_phantom"))
    assert tuple(given["needs"]) == views.NEEDS["methods"]
    assert tuple(paper["needs"]) == views.NEEDS["paper"]
    assert {*views.NEEDED, *views.OPTIONAL} == set(View.__dataclass_fields__)


def test_views_of_the_suite_are_declared_as_they_are(root: Path) -> None:
    """The plan reads them as text; imported, they say the same."""
    import importlib

    for kind in views.KINDS:
        found = views.declared(kind)
        assert len(found) >= 4
        for one in found:
            view = importlib.import_module(one.dotted).VIEW
            file = view.file or f"{view.name}_{{table}}"
            assert (view.name, view.title, view.caption, file) == (one.name, one.title, one.caption, one.file)
            assert (view.of, view.folded, view.place) == (one.of, one.folded, one.place)
            assert re.fullmatch(r"[A-Z].+\.", view.caption)
