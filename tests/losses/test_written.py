"""An expression with another value of a setting reads as the same expression with that value."""

import pytest
from softbench import InputError
from softbench.losses import catalogue, written


@pytest.mark.parametrize(
    ("expression", "loss", "setting", "value", "changed"),
    [
        ("nacl", "nacl", "alpha", 0.05, "nacl(alpha=0.05)"),
        ("ce + dice", "dice", "weight", 2.0, "ce + 2.0*dice"),
        ("ce(hard) + 1.5*kl", "ce", "weight", 0.5, "0.5*ce(hard) + 1.5*kl"),
        ("focal(hard, gamma=3)", "focal", "gamma", 1, "focal(hard, gamma=1)"),
        ("ce + dice(background=false)", "dice", "background", True, "ce + dice(background=true)"),
        ("learned(l1 + focal)", "focal", "gamma", 0.5, "learned(l1 + focal(gamma=0.5))"),
    ],
)
def test_one_setting_changes(expression: str, loss: str, setting: str, value: float, changed: str) -> None:
    found = written.with_setting(expression, loss, setting, value)
    assert found == changed
    (term,) = (term for term in catalogue.terms(found) if term.name == loss)
    assert (term.weight if setting == "weight" else term.settings[setting]) == value


def test_each_loss_has_its_settings_and_a_weight_unless_that_is_learned() -> None:
    assert written.settings("ce + nacl") == {"ce": ("weight",), "nacl": ("alpha", "weight")}
    assert written.settings("learned(l1 + focal)") == {"l1": (), "focal": ("gamma",)}


def test_loss_that_stands_twice_and_value_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="holds 'ce' twice"):
        written.with_setting("ce + ce(hard)", "ce", "weight", 2.0)
    with pytest.raises(InputError, match="below 0"):
        written.with_setting("nacl", "nacl", "alpha", -1.0)


def test_terms_of_weight_0_vanish() -> None:
    assert written.without_vanished("ce + 0*focal(gamma=3)") == "ce"
    assert written.without_vanished("0.0*ce") == ""
    assert written.without_vanished("learned(l1 + dice)") == "learned(l1 + dice)"
