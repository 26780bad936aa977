"""Facts of one file: what changes its fingerprint, and what it imports."""

import pytest
from softbench.plan.code import source

TEXT = '''"""What it does."""

from softbench.arrays import one_hot

VERSION = 3
FLOOR = 1e-5  # of a distance


def double(x, *, by=2):
    """Return it twice."""
    return {"a": x * by, 'b': f"{x}"}
'''


def fingerprint(text: str) -> str:
    return source.of_python(text, "softbench.x.y").fingerprint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# of a distance", "# of a distance, in mm"),
        ('"""What it does."""', '"""What else it does."""'),
        ('    """Return it twice."""\n', ""),
        ("\n\n\ndef", "\n\n\n\n\n\ndef"),
        ("VERSION = 3\n", 'VERSION = 3\nALLOWED: dict = {"by": {"type": "number"}}\nALLOWED_MADE = {}\n'),
        ("""{"a": x * by, 'b': f"{x}"}""", """{\n        'a': (x * by),\n        "b": f'{x}',\n    }"""),
    ],
)
def test_comment_docstring_and_layout_change_nothing(old: str, new: str) -> None:
    assert old in TEXT
    assert fingerprint(TEXT.replace(old, new)) == fingerprint(TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1e-5", "1e-6"),
        ("VERSION = 3", "VERSION = 4"),
        ("x * by", "by * x"),
        ("by=2", "by=2.0"),
        ('"a"', '"c"'),
        ("one_hot\n", "pad_to\n"),
        ("by=2", "by=None"),
    ],
)
def test_changed_code_changes_it(old: str, new: str) -> None:
    assert old in TEXT
    assert fingerprint(TEXT.replace(old, new)) != fingerprint(TEXT)


def test_none_true_and_1_are_three_values() -> None:
    assert len({fingerprint(f"A = {value}") for value in ("None", "True", "1", "1.0", "'1'", "[]", "()")}) == 7


def test_docstrings_count_where_the_code_reads_them() -> None:
    text = '"""{}"""\nprint(__doc__)'
    assert fingerprint(text.format("one")) != fingerprint(text.format("two"))


@pytest.mark.parametrize(
    ("text", "version", "declares"),
    [("VERSION = 2", 2, True), ("VERSION = None  # no number", None, True), ("VERSIONS = 2", None, False),
     ("VERSION: int = 5", 5, True)],
)  # fmt: skip
def test_version(text: str, version: int | None, declares: bool) -> None:
    found = source.of_python(text, "softbench.x")
    assert (found.version, found.declares) == (version, declares)


@pytest.mark.parametrize(
    ("text", "imports"),
    [
        ("from softbench.a import b, c as d", {"softbench.a.b", "softbench.a.c"}),
        ("import softbench.a.b as e", {"softbench.a.b"}),
        (
            "def f():\n    from softbench import a\n    return a.b.c()",
            {"softbench.a", "softbench.a.b", "softbench.a.b.c"},
        ),
        ("from . import b", {"softbench.x.b"}),
        ("from ..z import b", {"softbench.z.b"}),
        ("if TYPE_CHECKING:\n    from softbench.a import b\nelse:\n    from softbench.a import c", {"softbench.a.c"}),
        ("import typing\nif typing.TYPE_CHECKING:\n    import softbench.a", {"typing", "typing.TYPE_CHECKING"}),
        ("import importlib\nimportlib.import_module('softbench.a')", {"importlib", "importlib.import_module"}),
    ],
)
def test_imports(text: str, imports: set[str]) -> None:
    assert set(source.of_python(text, "softbench.x.y").imports) == imports


def test_package_offers_what_only_its_getattr_imports() -> None:
    text = (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from softbench.x.folder import open_folder as open\n"
    )
    lazy = f"{text}def __getattr__(name): ..."
    assert source.of_python(lazy, "softbench.x.__init__").offers == {"open": "softbench.x.folder.open_folder"}
    assert source.of_python(text, "softbench.x.__init__").offers == {}


def test_package_takes_relative_imports_from_itself() -> None:
    assert source.of_python("from .b import c", "softbench.x.__init__").imports == ("softbench.x.b.c",)


def test_data_files_are_known_by_the_name_that_is_said_or_its_end() -> None:
    text = 'A = HERE / "schemas" / "one.yaml"\nB = f"{name}.html.j2"\nC = "no file: at all."\nD = "two.py"'
    assert source.of_python(text, "softbench.x").names == (".html.j2", "one.yaml")


def test_template_names_those_that_it_includes() -> None:
    assert source.of_data(b"{% include \"row.html.j2\" %} {%- extends 'base.j2' %}").names == ("base.j2", "row.html.j2")


def test_file_that_is_no_python_says_where() -> None:
    assert "line 2 is no Python" in str(source.of_python("a = 1\nb = = 2", "softbench.x").error)
