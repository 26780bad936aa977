"""`tune` makes a method of each setting that is tried, with the soft label, loss or protocol that it needs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan import rule_files
from softbench.plan.config import Config, read
from softbench.plan.config.check import check
from softbench.plan.plan import Plan

Configured = Callable[..., Config]
BASE = """
soft_labels:
  one_hot: {recipe: one_hot}
  svls: {recipe: svls, sigma: 1.0}
methods:
  one_hot: {soft_label: one_hot, control: null}
"""


def made(configured: Configured, method: str) -> Config:
    return configured({"config/methods.yaml": BASE, "config.yaml": f"methods:\n  t: {method}\n"})


def test_setting_of_a_loss_is_written_into_its_expression(configured: Configured) -> None:
    found = made(configured, "{title: NACL, soft_label: one_hot, loss: ce + nacl, tune: {alpha: [0.05, 1]}}")
    assert found.tried == {"t": {"t_alpha_0_05": {"alpha": 0.05}, "t_alpha_1": {"alpha": 1}}}
    method = found.values["methods"]["t_alpha_0_05"]
    assert method == {
        "title": "NACL: alpha 0.05", "soft_label": "one_hot", "loss": "ce + nacl(alpha=0.05)", "control": None
    }  # fmt: skip
    assert found.values["methods"]["t"]["tune"] == {"alpha": [0.05, 1]}
    assert {"t_alpha_0_05", "t_alpha_1"} <= found.by_name


def test_setting_of_a_recipe_makes_a_soft_label_unless_there_is_one(configured: Configured) -> None:
    found = made(configured, "{soft_label: svls, tune: {sigma: [0.5, 1.0]}}").values
    assert found["soft_labels"]["svls_sigma_0_5"] == {"recipe": "svls", "sigma": 0.5}
    assert found["methods"]["t_sigma_0_5"]["soft_label"] == "svls_sigma_0_5"
    assert found["methods"]["t_sigma_1"]["soft_label"] == "svls"


def test_defaults_of_a_recipe_count_where_soft_labels_are_compared(configured: Configured) -> None:
    config = "soft_labels: {blur: {recipe: blur}}\nmethods: {t: {soft_label: blur, tune: {sigma: [1.0, 2.0]}}}"
    found = configured({"config/methods.yaml": BASE, "config.yaml": config}).values["methods"]
    assert [found[name]["soft_label"] for name in ("t_sigma_1", "t_sigma_2")] == ["blur", "blur_sigma_2"]


def test_setting_of_the_protocol_and_every_combination_of_several(configured: Configured) -> None:
    found = made(configured, "{soft_label: svls, tune: {sigma: [0.5, 2], learning_rate: [0.01, 0.02]}}")
    assert list(found.tried["t"].values()) == [
        {"sigma": 0.5, "learning_rate": 0.01}, {"sigma": 0.5, "learning_rate": 0.02},
        {"sigma": 2, "learning_rate": 0.01}, {"sigma": 2, "learning_rate": 0.02},
    ]  # fmt: skip
    assert found.values["methods"]["t_sigma_2_learning_rate_0_01"]["protocol"] == {"learning_rate": 0.01}


def test_weight_of_a_loss_is_named_with_it(configured: Configured) -> None:
    found = made(configured, "{soft_label: one_hot, loss: ce + ml1_ace, tune: {ml1_ace.weight: [0.5, 1.0, 2.0]}}")
    losses = [found.values["methods"][key]["loss"] for key in found.tried["t"]]
    assert losses == ["ce + 0.5*ml1_ace", "ce + ml1_ace", "ce + 2.0*ml1_ace"]


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("{soft_label: one_hot, tune: {alhpa: [1]}}", "methods.t.tune.alhpa is no setting of the method"),
        ("{soft_label: one_hot, tune: {weight: [1]}}", "methods.t.tune.weight is no setting"),
        ("{soft_label: {recipe: ls}, loss: nacl, tune: {alpha: [0.1]}}", "could be soft_label.alpha or nacl.alpha"),
        ("{soft_label: one_hot, loss: ce + ce(hard), tune: {ce.weight: [1, 2]}}", "holds 'ce' twice"),
        ("{soft_label: one_hot, loss: nacl, tune: {alpha: [-1]}}", "tries nacl.alpha -1"),
        ("{soft_label: one_hot, loss: nacl, tune: {alpha: [0.1, 0.1]}}", "has a value twice"),
        ("{soft_label: one_hot, loss: nacl, tune: {alpha: [0.1, 0.1000000001]}}", "has a value twice, to 6 digits"),
        ("{soft_label: svls, tune: {sigma: [1, 1.0000001, 2]}}", "has a value twice, to 6 digits"),
        (
            "{soft_label: one_hot, loss: ce + focal, tune: {focal.weight: [0, 1], gamma: [1, 2]}}",
            "tries 't_focal_weight_0_gamma_1' and 't_focal_weight_0_gamma_2', which train alike: a loss of ",
        ),
        ("{soft_label: one_hot, loss: nacl, tune: {nacl.weight: [0, 1]}}", "whose loss is 0 for every prediction"),
        ("{soft_label: one_hot, loss: nacl, tune: {alpha: 0.1}}", "must be a list"),
        ("{soft_label: one_hot, loss: nacl, tune: {alpha: []}}", "must be a list"),
        ("{soft_label: one_hot, loss: nacl, tune: {alpha: [1], nacl.alpha: [2]}}", "which `tune` names twice"),
        ("{soft_label: one_hot, tune: {}}", "must hold a setting with its values"),
        ("{soft_label: one_hot, tune: 3}", "must hold a setting with its values"),
        ("{soft_label: one_hot, loss: nacll, tune: {alpha: [0.1]}}", "names 'nacll'"),
    ],
)
def test_what_cannot_be_tried_is_refused(configured: Configured, method: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        made(configured, method)
    assert str(error.value).startswith("config.yaml, line 2: methods.t")
    assert said in str(error.value)


def test_settings_that_differ_are_tried(configured: Configured) -> None:
    """In the sixth digit, and a loss that is left out once."""
    text = "{soft_label: one_hot, loss: ce + focal, tune: {focal.weight: [0, 1], learning_rate: [0.01, 0.0100001]}}"
    assert len(made(configured, text).tried["t"]) == 4


def test_key_that_is_taken_is_refused(configured: Configured) -> None:
    config = "methods:\n  t: {soft_label: one_hot, loss: nacl, tune: {alpha: [0.1]}}\n  t_alpha_0_1: {}\n"
    with pytest.raises(InputError, match="makes 't_alpha_0_1', which methods has already"):
        configured({"config/methods.yaml": BASE, "config.yaml": config})


TUNED = """
methods:
  a: {title: A, soft_label: one_hot, loss: nacl, control: one_hot, tune: {alpha: [0.1, 0.2]}}
  b: {title: B, soft_label: svls, control: one_hot, tune: {sigma: [0.5, 1.0]}}
  o: {title: O, soft_label: one_hot, control: one_hot, tune: {learning_rate: [0.01, 0.02]}}
experiments:
  mine:
    dataset: phantom_nodule
    split: main
    protocol: demo_nodule
    networks: [compact_unet]
    seeds: [0, 1]
    methods: [one_hot, a, b, o]
    scoring: {tolerances_mm: [2.0]}
"""


def plan(root: Path, folder: Path, text: str) -> Plan:
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return Plan.read(root, [file])


def test_tuned_methods_of_an_experiment_and_their_settings(root: Path, tmp_path: Path) -> None:
    found = plan(root, tmp_path, TUNED)
    assert found.tuned_in("mine") == ["a", "b", "o"]
    assert found.tuning_of("mine") == {"seeds": [1000, 1001], "criterion": "nll_temperature"}
    assert "a_alpha_0_1" in found.trained()
    assert not {"a", "a_alpha_0_1", "b_sigma_0_5"} & set(found.methods_of("demo_brain"))
    assert found.protocol_of("mine", "a") == found.protocol_of("mine", "one_hot")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("sigma: [0.5, 1.0]", "sigma: [0.5, 1.0, 2.0]", "methods.b.tune tries 3 settings, but 'a' in experiments.mine"),
        ("seeds: [0, 1]", "seeds: [0, 1]\n    tuning: {seeds: [1, 2]}", "experiments.mine.tuning.seeds holds 1"),
        ("[one_hot, a, b, o]", "[one_hot]\n    tuning: {criterion: nll}", "experiments.mine.tuning decides nothing"),
        ("seeds: [0, 1]", "seeds: [0, 1]\n    tuning: {criterion: test}", "experiments.mine.tuning.criterion"),
        ("sigma: [0.5, 1.0]", "sigma: [0.5, -1.0]", "line 4: soft_labels.svls_sigma_minus1.sigma"),
        ("[one_hot, a, b, o]", "[one_hot, a]", "experiments.mine.methods has tuned methods, but no tuned one-hot"),
        ("[one_hot, a, b, o]", "[a, o]", "but no untuned one-hot"),
        ("seeds: [0, 1]", "seeds: [1000]", "experiments.mine.tuning.seeds holds 1000"),
    ],
)
def test_unfair_or_biased_tuning_is_refused(root: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        plan(root, tmp_path, TUNED.replace(old, new))
    assert said in str(error.value)


def test_shipped_config_can_be_checked_with_what_it_tunes(root: Path) -> None:
    check(read(root), rule_files.find(root))
