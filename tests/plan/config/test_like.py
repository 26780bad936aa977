"""`like: <key>` takes another entry of the section, wherever it is written."""

import re
from collections.abc import Callable

import pytest
from softbench import InputError
from softbench.plan.config import Config

Configured = Callable[..., Config]

FILES = {
    "config/a.yaml": """
        experiments:
          svls: {dataset: brats, seeds: [0], scoring: {bins: 10, band_mm: 3}, rehearsal: {
            dataset: tiny, protocol: {epochs: 10, batch: 2}}}
          kits: {like: svls, dataset: kits}
    """,
    "config/papers/b.yaml": """
        experiments:
          geols:
            like: kits
            scoring: {bins: 5}
            rehearsal:
              like: svls
              dataset: small
              protocol: {like: svls, batch: 4}
    """,
}


def experiments(configured: Configured, *assignments: str, **files: str) -> dict:
    return configured({**FILES, **files}, (), assignments).values["experiments"]


def test_entry_takes_another_and_its_own_keys_replace_the_others_wholly(configured: Configured) -> None:
    found = experiments(configured)
    assert found["kits"] == {**found["svls"], "dataset": "kits"}
    assert found["geols"]["scoring"] == {"bins": 5}
    assert (found["geols"]["dataset"], found["geols"]["seeds"]) == ("kits", [0])


def test_within_an_entry_it_means_the_same_place_of_the_other(configured: Configured) -> None:
    found = experiments(configured)["geols"]["rehearsal"]
    assert found == {"dataset": "small", "protocol": {"epochs": 10, "batch": 4}}


def test_change_of_the_base_is_inherited(configured: Configured) -> None:
    found = experiments(configured, "experiments={svls: {seeds: [7], rehearsal: {protocol: {epochs: 3}}}}")
    assert [found[name]["seeds"] for name in ("svls", "kits", "geols")] == [[7]] * 3
    assert found["geols"]["rehearsal"]["protocol"] == {"epochs": 3, "batch": 4}


def test_later_layer_is_merged_key_by_key_over_what_was_taken(configured: Configured) -> None:
    found = experiments(configured, "experiments={kits: {scoring: {bins: 2}, rehearsal: {protocol: {batch: 1}}}}")
    assert found["kits"]["scoring"] == {"bins": 2, "band_mm": 3}
    assert found["kits"]["rehearsal"] == {"dataset": "tiny", "protocol": {"epochs": 10, "batch": 1}}
    assert found["svls"]["scoring"] == {"bins": 10, "band_mm": 3}
    assert found["geols"]["rehearsal"]["protocol"] == {"epochs": 10, "batch": 4}  # like svls, which is unchanged


def test_length_of_a_protocol_replaces_that_of_the_base_in_either_unit(configured: Configured) -> None:
    text = "protocols: {a: {steps: 5, batch: 1}, b: {like: a, epochs: 2}, c: {like: a, steps: 3}}\n"
    found = configured({"config.yaml": text}).values["protocols"]
    assert (found["b"], found["c"]) == ({"batch": 1, "epochs": 2}, {"steps": 3, "batch": 1})


def test_entry_of_the_user_takes_one_of_the_catalogue(configured: Configured) -> None:
    found = experiments(configured, **{"config.yaml": "experiments: {mine: {like: svls, scoring: {bins: 3}}}\n"})
    assert found["mine"] == {**found["svls"], "scoring": {"bins": 3}}


def test_value_that_was_taken_has_the_place_where_it_is_written(configured: Configured) -> None:
    places = configured(FILES).places
    assert str(places.of(("experiments", "geols", "seeds"))) == "config/a.yaml, line 3"
    assert str(places.of(("experiments", "geols", "dataset"))) == "config/a.yaml, line 5"
    assert str(places.of(("experiments", "geols", "rehearsal", "protocol", "batch"))) == "config/papers/b.yaml, line 9"
    assert str(places.of(("experiments", "geols", "rehearsal", "protocol", "epochs"))) == "config/a.yaml, line 4"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "datasets:\n  kits2019: {}\n  mine: {like: kits2018}\n",
            "line 3: datasets.mine.like names 'kits2018', which datasets lacks. Did you mean 'kits2019'? "
            "Known: kits2019, mine.",
        ),
        ("datasets: {mine: {like: [x]}}\n", "line 1: datasets.mine.like names"),
        ("datasets: {a: {like: a}}\n", "line 1: datasets.a.like runs in a circle: datasets.a is like datasets.a."),
        (
            "datasets:\n  a: {like: b}\n  b: {like: c}\n  c: {like: b}\n",
            "line 3: datasets.b.like runs in a circle: datasets.b is like datasets.c is like datasets.b.",
        ),
        (
            "datasets:\n  a: {crop: {like: b}}\n  b: {}\n",
            "line 2: datasets.a.crop.like names 'b', but datasets.b has no 'crop'.",
        ),
        ("datasets:\n  a: {crop: {like: b}}\n  b: {crop: 5}\n", "names 'b', but datasets.b.crop holds no keys"),
        ("datasets:\n  a: {crop: {like: a}}\n", "datasets.a.crop.like runs in a circle"),
        ("datasets:\n  a: {like: b}\n  b: {crop: {like: a}}\n", ".crop.like runs in a circle"),
    ],
)  # fmt: skip
def test_what_like_cannot_name_is_refused(text: str, what: str, configured: Configured) -> None:
    with pytest.raises(InputError, match="^config.yaml, .*" + re.escape(what).removeprefix("^")):
        configured({"config.yaml": text})
