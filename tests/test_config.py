"""Config: what the command line says has its type, and defaults are those of the design."""

import pytest
from softbench import InputError, config
from softbench.plan import complete_methods, complete_soft_labels


def test_texts_of_the_command_line_become_numbers() -> None:
    given = {"seeds": ["0", "1"], "ls": {"alpha": "0.2", "recipe": "ls"}, "lr": "1e-3", "on": "true", "mirror": "null"}
    expected = {"seeds": [0, 1], "ls": {"alpha": 0.2, "recipe": "ls"}, "lr": 0.001, "on": True, "mirror": None}
    assert config.retype(given) == expected


def test_values_that_have_a_type_keep_it() -> None:
    assert config.retype({"a": 1, "b": [0.5, None], "path": "/data/1e3/x"}) == {
        "a": 1, "b": [0.5, None], "path": "/data/1e3/x",
    }  # fmt: skip


def test_recipe_without_a_key_gets_one_of_its_name() -> None:
    found = complete_soft_labels({"ls_02": {"recipe": "ls", "alpha": 0.2}}, ["ls", "svls"])
    assert found == {"ls_02": {"recipe": "ls", "alpha": 0.2}, "svls": {"recipe": "svls"}}


def test_recipe_without_a_method_gets_cross_entropy_and_the_control() -> None:
    soft_labels = {"one_hot": {"recipe": "one_hot"}, "new": {"recipe": "new"}}
    methods = complete_methods({"one_hot": {"title": "One-hot"}}, soft_labels)
    expected = {"title": "new", "soft_label": "new", "loss": "ce", "control": "one_hot"}
    assert methods["new"] == {**expected, "raters": "first", "resolution": None, "batch": None, "sanity": None}
    assert methods["one_hot"]["control"] is None


def test_version_is_read_from_the_text() -> None:
    from softbench.soft_labels import svls

    assert config.version_of("soft_labels/svls.py") == {"soft_labels/svls.py": svls.VERSION}


def test_module_without_a_version_is_named() -> None:
    with pytest.raises(InputError, match=r"errors\.py declares no VERSION"):
        config.version_of("errors.py")


def test_pattern_of_no_names_matches_nothing() -> None:
    import re

    assert re.fullmatch(config.pattern([]), "") is None
    assert re.fullmatch(config.pattern(["a.b", "c"]), "a.b")
    assert re.fullmatch(config.pattern(["a.b"]), "axb") is None
