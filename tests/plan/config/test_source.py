"""One YAML file: its values are those of PyYAML's safe loader, each with its place, and its faults are named."""

from typing import Any

import pytest
import yaml
from softbench import InputError
from softbench.plan.config.source import load
from softbench.plan.places import Place, Places, plain


def values(text: str) -> Any:
    return plain(load(text.encode(), "f.yaml", 0))


def said(text: str | bytes) -> str:
    with pytest.raises(InputError) as error:
        load(text if isinstance(text, bytes) else text.encode(), "f.yaml", 0)
    return str(error.value)


def place(text: str, *path: Any) -> Place | None:
    return Places(load(text.encode(), "f.yaml", 0)).of(path)


SCALARS = """
a: [1, -2, 0x10, 010, 1.5, 1.5e-2, 1.0e-4, .5, .inf, 1_000, 1:30]
b: [true, no, On, null, ~, '', "1", '1e-4', text, 12a, "1.0"]
c: |
  two
  lines
d: >-
  one
  line
500: {0.25: x, nested: {}}
e: []
"""


def test_scalars_are_those_of_the_safe_loader() -> None:
    assert values(SCALARS) == yaml.safe_load(SCALARS)


@pytest.mark.parametrize(("text", "number"), [("1e-4", 1e-4), ("2E3", 2000.0), ("-1e+2", -100.0), ("1.e2", 100.0)])
def test_exponent_without_a_point_is_a_number(text: str, number: float) -> None:
    assert values(f"rate: {text}") == {"rate": number}
    assert isinstance(values(f"rate: {text}")["rate"], float)
    assert values(f"rate: '{text}'") == {"rate": text}


def test_date_is_a_text() -> None:
    assert values("folder: 2024-01-31") == {"folder": "2024-01-31"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_empty_file_is_an_empty_mapping(text: str) -> None:
    assert values(text) == {}


def test_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert plain(load(b"\xef\xbb\xbfa: 1\n", "f.yaml", 0)) == {"a": 1}


def test_merge_key_gives_what_the_mapping_lacks_and_the_first_of_several_wins() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: *a, x: 3}\nd: {<<: [*a, *b], w: 0}\n"
    assert values(text) == yaml.safe_load(text)
    assert list(values(text)["c"]) == list(yaml.safe_load(text)["c"])


def test_place_is_that_of_the_key() -> None:
    text = (
        "tables:\n  t:\n    a: T\n    note: >-\n      long\n    columns:\n      - {metric: dsc,\n         roi: all}\n"
    )
    assert place(text, "tables") == ("f.yaml", 1, 1)
    assert place(text, "tables", "t", "note") == ("f.yaml", 4, 5)
    assert place(text, "tables", "t", "columns", 0) == ("f.yaml", 7, 9)
    assert place(text, "tables", "t", "columns", 0, "roi") == ("f.yaml", 8, 10)


def test_place_of_what_is_not_there_is_that_of_its_nearest_parent() -> None:
    text = "a:\n  b: [1, 2]\n"
    assert place(text, "a", "b", 7, "c") == ("f.yaml", 2, 3)
    assert place(text, "a", "x", "y") == ("f.yaml", 1, 1)
    assert place(text, "x") is None


def test_value_through_an_anchor_has_the_place_where_it_is_written() -> None:
    text = "a: &a\n  x: 1\n  y: &y\n    [0.1]\nb:\n  <<: *a\n  z: *y\n"
    assert place(text, "b", "x") == ("f.yaml", 2, 3)  # merged
    assert place(text, "b", "z") == ("f.yaml", 3, 6)  # an alias
    assert place(text, "b") == ("f.yaml", 5, 1)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a: 1\nb: [1,\nc: 2\n", "f.yaml, line 4, column 1", "no YAML: did not find expected ',' or ']'"),
        ("a: 1\n b: 2\n", "f.yaml, line 2, column 3", "no YAML: mapping values are not allowed"),
        ("a: *x\n", "f.yaml, line 1, column 4", "undefined alias"),
        ("a: 1\n---\nb: 2\n", "f.yaml, line 2, column 1", "but found another document"),
        ("a: 1\nb: 'x\n", "f.yaml, line 3, column 1", "quoted scalar"),
        ("a: 1\nb: x\x07\n", "f.yaml, line 2", "control characters are not allowed"),
    ],
)
def test_text_that_is_no_yaml_is_refused_with_line_and_column(text: str, where: str, what: str) -> None:
    assert said(text).startswith(f"{where}: ")
    assert what in said(text)
    assert "\n" not in said(text)


@pytest.mark.parametrize("text", ["a: 1\nb:\n\tc: 1\n", "a: b\n\tc\nd: 1\n", "a: {\n \tb: 1}\n"])
def test_tab_in_an_indentation_is_refused(text: str) -> None:
    line = text[: text.index("\t")].count("\n") + 1
    assert said(text) == f"f.yaml, line {line}: the line begins with a tab, which YAML forbids. Write spaces."


def test_tab_elsewhere_is_read() -> None:
    assert values("a: 1\t# why\nb: 'x\ty'\n") == {"a": 1, "b": "x\ty"}


def test_key_twice_is_refused_with_both_lines() -> None:
    text = "methods:\n  ls:\n    soft_label: ls\n    loss: ce\n    soft_label: svls\n"
    assert said(text).startswith("f.yaml, line 5: methods.ls.soft_label stands twice; the first is in line 3.")
    assert said("a: 1\nb: {x: 1, y: 2, x: 3}\n").startswith("f.yaml, line 2: b.x stands twice; the first is in line 2.")
    assert "points.1.0 stands twice" in said("points: {1: a, 1.0: b}\n")
    assert "<< stands twice" in said("a: &a {x: 1}\nb: {<<: *a, <<: *a}\n")


def test_key_that_a_merge_also_gives_is_no_key_twice() -> None:
    assert values("a: &a {x: 1}\nb: {<<: *a, x: 2}\n")["b"] == {"x": 2}


@pytest.mark.parametrize("text", ["- a\n- b\n", "just a text\n", "5\n"])
def test_top_level_that_is_no_mapping_is_refused(text: str) -> None:
    assert said(text).startswith("f.yaml, line 1: the file must hold keys with values")


def test_file_that_is_not_utf_8_is_refused_with_its_line() -> None:
    assert said("a: 1\nb: Größe\n".encode("latin-1")) == "f.yaml, line 2: the file is not UTF-8. Save it as UTF-8."


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: !own 1\n", "f.yaml, line 1: a has the tag '!own'"),
        ("a: !own {x: 1}\n", "f.yaml, line 1: a has the tag '!own'"),
        ("a: !!set {x}\n", "a has the tag 'tag:yaml.org,2002:set'"),
        ("a: !!int x\n", "f.yaml, line 1: a is 'x', which is no int."),
        ("a: {no: 1}\n", "f.yaml, line 1: a has the key 'no', which YAML reads as no text. Write it in quotes."),
        ("? [x, y]\n: 1\n", "has a key of several parts"),
        ("a: &a {b: *a}\n", "f.yaml, line 1: a.b holds itself"),
        ("a: 1\nb: {<<: text}\n", "f.yaml, line 2: b.<< takes a mapping"),
    ],
)
def test_what_config_cannot_hold_is_refused(text: str, what: str) -> None:
    assert what in said(text)
