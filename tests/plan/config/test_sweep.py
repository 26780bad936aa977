"""A sweep makes one entry a value, and experiments, figures and tables name it instead of its entries."""

import re
from collections.abc import Callable

import pytest
from softbench import InputError
from softbench.plan.config import Config
from softbench.plan.config.sweep import in_key

Configured = Callable[..., Config]

FILES = {
    "config/methods.yaml": "methods: {one_hot: {}, geols: {soft_label: geols}}\nsoft_labels: {geols: {recipe: r}}\n",
    "config/papers/geols.yaml": """
        soft_labels:
          geols_alpha:
            sweep: {alpha: [0.05, {0.1: geols}, 0.2, 2.0]}
            like: geols
            alpha: {alpha}
        methods:
          geols_alpha:
            sweep: {alpha: [0.05, {0.1: geols}, 0.2, 2.0]}
            title: GeoLS ({alpha:g})
            soft_label: geols_alpha_{alpha}
            loss: "{alpha}*kl"
            batch: "{alpha}"
    """,
    "config.yaml": """
        experiments: {e: {methods: [one_hot, geols, {sweep: geols_alpha}, one_hot]}}
        figures: {f: {points: {0: one_hot, sweep: geols_alpha}}}
        tables: {t: {blocks: [{pick: {rows: {geols: {sweep: geols_alpha}}}}]}}
    """,
}


def made(configured: Configured, text: str, section: str = "maps") -> dict:
    return configured({"config.yaml": text}).values[section]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (500, "500"),
        (0.25, "025"),
        (0.5, "05"),
        (2, "2"),
        (2.0, "2"),
        (0.05, "005"),
        (1e-05, "000001"),
        ("mean", "mean"),
    ],
)
def test_value_loses_its_point_in_a_key(value: float, text: str) -> None:
    assert in_key(value) == text


def test_one_entry_a_value_where_the_sweep_stands(configured: Configured) -> None:
    sweep = "{sweep: {count: [500, 0.5]}, map: slic, count: {count}, of: [1, 'n {count}']}"
    text = f"maps:\n  a: {{x: 1}}\n  slic: {sweep}\n  z: {{}}\n"
    assert made(configured, text) == {
        "a": {"x": 1},
        "slic_500": {"map": "slic", "count": 500, "of": [1, "n 500"]},
        "slic_05": {"map": "slic", "count": 0.5, "of": [1, "n 0.5"]},
        "z": {},
    }
    assert list(made(configured, text)) == ["a", "slic_500", "slic_05", "z"]


def test_key_says_how_the_entries_are_called(configured: Configured) -> None:
    text = "maps: {counts: {key: 'slic_{count}_x', sweep: {count: [1, 2]}, count: '{count}'}}"
    assert list(made(configured, text)) == ["slic_1_x", "slic_2_x"]


def test_text_may_name_another_entry_of_the_same_value(configured: Configured) -> None:
    text = "maps: {m: {sweep: {a: [0.25, 2.0]}, x: 'm_{a:key} of {a} or {a:g}'}}"
    assert [one["x"] for one in made(configured, text).values()] == ["m_025 of 0.25 or 0.25", "m_2 of 2.0 or 2"]


def test_several_parameters_make_the_product(configured: Configured) -> None:
    text = "maps: {m: {sweep: {a: [1, 2], b: [x, y]}, a: '{a}', b: 'to {b}'}}"
    assert made(configured, text) == {
        "m_1_x": {"a": 1, "b": "to x"}, "m_1_y": {"a": 1, "b": "to y"},
        "m_2_x": {"a": 2, "b": "to x"}, "m_2_y": {"a": 2, "b": "to y"},
    }  # fmt: skip


def test_value_whose_entry_has_a_name_makes_none(configured: Configured) -> None:
    found = configured(FILES).values
    assert list(found["methods"]) == ["one_hot", "geols", "geols_alpha_005", "geols_alpha_02", "geols_alpha_2"]
    assert found["methods"]["geols_alpha_2"] == {
        "title": "GeoLS (2)",
        "soft_label": "geols_alpha_2.0",
        "loss": "2.0*kl",
        "batch": 2.0,
    }
    assert found["soft_labels"]["geols_alpha_005"] == {"recipe": "r", "alpha": 0.05}


def test_sweep_stands_for_its_entries_in_experiments_figures_and_tables(configured: Configured) -> None:
    found = configured(FILES).values
    assert found["experiments"]["e"]["methods"] == [
        "one_hot",
        "geols",
        "geols_alpha_005",
        "geols_alpha_02",
        "geols_alpha_2",
    ]
    points = found["figures"]["f"]["points"]
    assert points == {0: "one_hot", 0.05: "geols_alpha_005", 0.1: "geols", 0.2: "geols_alpha_02", 2: "geols_alpha_2"}
    assert list(map(str, points)) == ["0", "0.05", "0.1", "0.2", "2"]
    rows = found["tables"]["t"]["blocks"][0]["pick"]["rows"]
    assert rows == {"geols": {0.05: "geols_alpha_005", 0.1: "geols", 0.2: "geols_alpha_02", 2: "geols_alpha_2"}}


def test_points_that_are_written_out_stay(configured: Configured) -> None:
    found = configured(FILES, (), ("figures={f: {points: {0.05: other}}}",)).values
    assert found["figures"]["f"]["points"][0.05] == "other"


def test_change_of_the_values_changes_entries_and_all_that_name_the_sweep(configured: Configured) -> None:
    found = configured(FILES, (), ("methods={geols_alpha: {sweep: {alpha: [0.7]}}}",)).values
    assert found["experiments"]["e"]["methods"] == ["one_hot", "geols", "geols_alpha_07"]
    assert found["figures"]["f"]["points"] == {0: "one_hot", 0.7: "geols_alpha_07"}


def test_entry_of_a_later_layer_is_merged_over_the_made_one(configured: Configured) -> None:
    found = configured(FILES, (), ("methods={geols_alpha_02: {title: Mine}}",))
    assert found.values["methods"]["geols_alpha_02"]["title"] == "Mine"
    assert found.values["methods"]["geols_alpha_02"]["loss"] == "0.2*kl"
    assert list(found.values["methods"]).index("geols_alpha_02") == 3
    assert "geols_alpha_02" in found.by_name


def test_place_of_a_made_value_is_in_the_sweep(configured: Configured) -> None:
    places = configured(FILES).places
    assert str(places.of(("methods", "geols_alpha_02", "title"))) == "config/papers/geols.yaml, line 10"
    assert str(places.of(("experiments", "e", "methods", 3))) == "config.yaml, line 2"


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("{sweep: [1], a: '{a}'}", "maps.m.sweep must hold a parameter with its values"),
        ("{sweep: {}, a: '{a}'}", "maps.m.sweep must hold a parameter with its values"),
        ("{sweep: {a: 5}, a: '{a}'}", "maps.m.sweep.a must be a list of values"),
        ("{sweep: {a: []}, a: '{a}'}", "maps.m.sweep.a must be a list of values"),
        ("{sweep: {a: [true]}, a: '{a}'}", "maps.m.sweep.a holds True; a value is a number or a text"),
        ("{sweep: {a: [.inf]}, a: '{a}'}", "maps.m.sweep.a holds inf; a value is a number or a text"),
        ("{sweep: {a: [{1: b, 2: c}]}, a: '{a}'}", "maps.m.sweep.a holds {1: 'b', 2: 'c'}"),
        ("{sweep: {a: [1, 1.0]}, a: '{a}'}", "maps.m.sweep.a has the value 1.0 twice"),
        ("{sweep: {a: [1.5, 15]}, a: '{a}'}", "maps.m.sweep makes 'm_15' twice"),
        ("{sweep: {a: [-1]}, a: '{a}'}", "maps.m makes 'm_-1'; a key has small letters"),
        ("{sweep: {a: [1]}, b: 2}", "maps.m.sweep has no text with {a}"),
        (
            "{sweep: {number: [1]}, a: '{nunber}'}",
            "maps.m.a has '{nunber}', but no such parameter. Did you mean 'number'?",
        ),
        ("{sweep: {a: [x]}, b: '{a:.2f}'}", "maps.m.b is '{a:.2f}', which cannot be filled in"),
        ("{sweep: {a: [1, 2]}, key: n, b: '{a}'}", "maps.m.key is 'n', which lacks {a}"),
        ("{sweep: {a: [{1: n}], c: [1]}, b: '{a}{c}'}", "names an entry of one value, which a sweep of several"),
        ("{sweep: {a: [{1: slik}]}, b: '{a}'}", "names the entry 'slik', which maps lacks. Did you mean 'slic'?"),
        ("{sweep: {a: [1]}, key: 'n_{a}', b: '{a}'}", "maps.n makes 'n_1', as maps.m does"),
    ],
)
def test_sweep_that_cannot_be_read_is_refused(entry: str, what: str, configured: Configured) -> None:
    text = f"maps: {{slic: {{}}, m: {entry}, n: {{sweep: {{a: [1]}}, b: '{{a}}'}}}}"
    with pytest.raises(InputError, match=r"^config\.yaml, line 1: .*" + re.escape(what)):
        configured({"config.yaml": text})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "experiments: {e: {methods: [sweep: n]}}",
            "experiments.e.methods.0.sweep names 'n', which is no sweep of methods",
        ),
        ("figures: {f: {points: {sweep: [m]}}}", "figures.f.points.sweep names ['m'], which is no sweep of methods"),
        (
            "figures: {f: {points: {sweep: m}}}",
            "figures.f.points.sweep names 'm', whose values have several parameters",
        ),
    ],
)
def test_what_names_no_such_sweep_is_refused(text: str, what: str, configured: Configured) -> None:
    methods = "methods: {m: {sweep: {a: [1], c: [1]}, b: '{a}{c}'}}\n"
    with pytest.raises(InputError, match=r"^config\.yaml, line 2: " + re.escape(what)):
        configured({"config.yaml": methods + text})


def test_catalogue_does_not_write_what_a_sweep_makes(configured: Configured) -> None:
    said = (
        "config/papers/geols.yaml, line 8: methods.geols_alpha makes 'geols_alpha_02', which also stands in "
        "config/variants.yaml, line 1. Rename one of them."
    )
    with pytest.raises(InputError, match="^" + re.escape(said)):
        configured({**FILES, "config/variants.yaml": "methods: {geols_alpha_02: {title: T}}\n"})


def test_sweep_of_the_user_makes_no_entry_of_the_catalogue(configured: Configured) -> None:
    files = {"config/methods.yaml": FILES["config/methods.yaml"]}
    files |= {"config.yaml": "methods: {s: {key: 'ge{x}', sweep: {x: [ols]}, loss: '{x}'}}\n"}
    with pytest.raises(InputError, match="makes 'geols', which also stands in config/methods"):
        configured(files)
