"""Loss expressions are read as they stand in config, and complaints quote them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from softbench import InputError, losses
from softbench.losses import catalogue


def test_one_name_is_one_term() -> None:
    (term,) = catalogue.read("ce")
    assert (term.name, term.weight, term.target, term.settings, term.inner) == ("ce", 1.0, "soft", {}, ())


def test_terms_have_weights_targets_and_settings() -> None:
    terms = catalogue.terms(" 0.5 * ce(hard)+dice( soft , background = false ) + 1e-1*focal(gamma=3)")
    assert [(term.weight, term.name, term.target, term.settings) for term in terms] == [
        (0.5, "ce", "hard", {}),
        (1.0, "dice", "soft", {"background": False}),
        (0.1, "focal", "soft", {"gamma": 3.0}),
    ]
    assert [term.label for term in terms] == ["0.5*ce(hard)", "dice(soft,background=false)", "1e-1*focal(gamma=3)"]


def test_learned_sum_holds_its_terms() -> None:
    ce, learned = catalogue.read("ce + 2*learned(0.5*l1 + dice)")
    assert (ce.name, learned.name, learned.weight) == ("ce", "learned", 2.0)
    assert [(term.weight, term.name) for term in learned.inner] == [(0.5, "l1"), (1.0, "dice")]
    assert [term.name for term in catalogue.terms("ce + 2*learned(0.5*l1 + dice)")] == ["ce", "l1", "dice"]


def test_sum_is_the_weighted_sum_of_its_losses(batch) -> None:
    logits, target = batch(2, 5, 6)
    ce, dice, kl, total = (
        losses.build(e)(logits, target).item()
        for e in ("ce(hard)", "dice(hard)", "kl", "ce(hard) + 0.5*dice(hard) + 4*kl")
    )
    assert total == pytest.approx(ce + dice / 2 + 4 * kl, rel=1e-6)


def test_modules_are_those_that_decide_the_value() -> None:
    shared = ["losses/arithmetic.py", "losses/weighted_sum.py"]
    assert catalogue.modules("ce") == sorted([*shared, "losses/ce.py"])
    assert catalogue.modules("learned(l1 + dice)") == sorted(
        [*shared, "losses/l1.py", "losses/dice.py", "losses/learned_weights.py"]
    )


@pytest.mark.parametrize(
    ("expression", "needs"), [("ce + dice", False), ("wce(hard) + kl", True), ("learned(wce + dice)", True)]
)
def test_class_weights_need_frequencies(expression: str, needs: bool) -> None:
    assert losses.needs_frequencies(expression) is needs


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "crossentropy",
            "'crossentropy'; known losses: acls, adaptive_wing, ce, dice, .*, tversky, wce, and `learned",
        ),
        ("ce + ", "a term that cannot be read: ''"),
        ("", "a term that cannot be read: ''"),
        ("ce dice", "a term that cannot be read: 'ce dice'"),
        ("x*ce", "a weight that is no number: 'x'"),
        ("*ce", "a weight that is no number: ''"),
        ("2*3*ce", r"a weight that is no number: '2\*3'"),
        ("-1*ce", "a weight that is below 0 or not finite: '-1'"),
        ("inf*ce", "a weight that is below 0 or not finite: 'inf'"),
        ("ce(hard", "parentheses that do not match"),
        ("ce)hard(", "parentheses that do not match"),
        ("ce(harder)", "gives 'ce' the argument 'harder', which it does not know; known: soft, hard"),
        ("ce(gamma=2)", "gives 'ce' the argument 'gamma', which it does not know; known: soft, hard"),
        ("focal(gama=2)", "gives 'focal' the argument 'gama', which it does not know; known: soft, hard, gamma="),
        ("focal(gamma=two)", "a gamma that is no number: 'two'"),
        ("focal(gamma=-1)", "a gamma that is below 0 or not finite: '-1'"),
        ("focal(gamma=1, gamma=2)", "sets the gamma of 'focal' twice"),
        ("ce(hard, soft)", "sets the target of 'ce' twice"),
        ("dice(background=no)", "a background that is neither true nor false: 'no'"),
        ("learned(l1 + l1)", "learns a weight of 'l1' twice"),
        ("learned(learned(l1))", "`learned` within `learned`"),
        ("learned", "a term that cannot be read: ''"),
        ("learned(l2)", "names 'l2'; known losses: acls, adaptive_wing, ce"),
        ("ce + dcie", r"and `learned\(...\)`. Did you mean 'dice'\?$"),
        ("focal(gama=3)", r"Did you mean 'gamma'\?$"),
    ],
)
def test_what_cannot_be_read_is_named(expression: str, message: str) -> None:
    for reader in (catalogue.terms, catalogue.modules, catalogue.needs_frequencies, losses.build):
        with pytest.raises(InputError, match=message) as caught:
            reader(expression)
        assert repr(expression) in str(caught.value)


def test_reading_an_expression_loads_no_torch() -> None:
    code = (
        "import sys; from softbench.losses import catalogue, needs_frequencies; "
        "catalogue.modules('learned(l1 + dice)'); needs_frequencies('wce'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("superpixel", "same"),
    [("ce(hard) + dice(hard) + kl", "2*ce + dice"), ("wce(hard) + dice(hard) + kl", "wce + ce + dice")],
)
def test_superpixel_loss_on_one_hot_labels_counts_cross_entropy_twice(batch, superpixel: str, same: str) -> None:
    logits, target = batch(2, 5, 6)
    one_hot = target._replace(soft=torch.nn.functional.one_hot(target.hard, 3).movedim(-1, 1).float())
    values = [losses.build(e, frequencies=[0.7, 0.2, 0.1])(logits, one_hot).item() for e in (superpixel, same)]
    assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_documented_losses_are_those_that_exist(root: Path) -> None:
    text = (root / "docs" / "losses.md").read_text()
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert {"learned(...)", *losses.names()} <= set(headings)
    shown = re.findall(r"`([^`]*\b(?:ce|dice|kl|l1)\b[^`]*)`", text[text.index("## Which paper") :])
    assert len(shown) > 10
    for expression in shown:
        assert catalogue.terms(expression)
