"""A method may give its soft label in place, and a soft label its map."""

import re
from collections.abc import Callable

import pytest
from softbench import InputError
from softbench.plan.config import Config

Configured = Callable[..., Config]

METHOD = "{loss: ce, soft_label: {recipe: superpixel, map: {map: slic, count: 750}, distance: centre}}"


def test_method_that_gives_its_soft_label_and_map_makes_entries_of_its_name(configured: Configured) -> None:
    found = configured({"config.yaml": f"methods: {{mine: {METHOD}}}\nmaps: {{slic: {{}}}}\n"}).values
    assert found["methods"] == {"mine": {"loss": "ce", "soft_label": "mine"}}
    assert found["soft_labels"] == {"mine": {"recipe": "superpixel", "map": "mine", "distance": "centre"}}
    assert found["maps"] == {"slic": {}, "mine": {"map": "slic", "count": 750}}


def test_soft_label_that_gives_its_map_makes_a_map(configured: Configured) -> None:
    found = configured({"config.yaml": "soft_labels: {mine: {recipe: geols, map: {map: geodesic}}}\n"}).values
    assert (found["soft_labels"]["mine"]["map"], found["maps"]) == ("mine", {"mine": {"map": "geodesic"}})


def test_sweep_of_such_methods_makes_all_three_for_each_value(configured: Configured) -> None:
    text = "methods: {m: {sweep: {n: [1, 2]}, soft_label: {recipe: superpixel, map: {map: slic, count: {n}}}}}\n"
    found = configured({"config.yaml": text}).values
    assert found["maps"] == {"m_1": {"map": "slic", "count": 1}, "m_2": {"map": "slic", "count": 2}}
    assert found["soft_labels"]["m_2"] == {"recipe": "superpixel", "map": "m_2"}
    assert [one["soft_label"] for one in found["methods"].values()] == ["m_1", "m_2"]


def test_method_like_it_shares_its_soft_label_and_one_with_other_settings_has_its_own(configured: Configured) -> None:
    text = f"methods:\n  mine: {METHOD}\n  twin: {{like: mine, loss: dice}}\n"
    text += "  other: {like: mine, soft_label: {like: mine, distance: halfshift}}\n"
    found = configured({"config.yaml": text}).values
    assert found["methods"]["twin"] == {"loss": "dice", "soft_label": "mine"}
    assert found["methods"]["other"] == {"loss": "ce", "soft_label": "other"}
    assert found["soft_labels"]["other"] == {"recipe": "superpixel", "map": "mine", "distance": "halfshift"}
    assert list(found["maps"]) == ["mine"]


def test_later_layer_changes_what_was_made(configured: Configured) -> None:
    files = {"config/methods.yaml": f"methods: {{mine: {METHOD}}}\n"}
    found = configured(files, (), ("maps={mine: {count: 9}}", "methods={mine: {soft_label: {distance: other}}}")).values
    assert found["maps"]["mine"] == {"map": "slic", "count": 9}
    assert found["soft_labels"]["mine"] == {"recipe": "superpixel", "map": "mine", "distance": "other"}


def test_entry_of_the_same_name_is_refused_with_both_places(configured: Configured) -> None:
    said = "config.yaml, line 2: methods.mine.soft_label makes 'mine', which also stands in config.yaml, line 1. Rename"
    with pytest.raises(InputError, match="^" + re.escape(said)):
        configured({"config.yaml": f"soft_labels: {{mine: {{recipe: ls}}}}\nmethods: {{mine: {METHOD}}}\n"})


def test_place_is_where_the_method_is_written(configured: Configured) -> None:
    places = configured({"config.yaml": f"methods:\n  mine: {METHOD}\n"}).places
    assert str(places.of(("maps", "mine", "count"))) == "config.yaml, line 2"
