"""Loss expressions as text again: one with another value of a setting."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from softbench.errors import InputError
from softbench.losses import catalogue
from softbench.losses.catalogue import Setting, Term

VERSION = None  # the expression decides, and stands in the keys
WEIGHT = "weight"  # of a term: every loss has it


def settings(expression: str) -> dict[str, tuple[str, ...]]:
    """Return the settings of each loss of an expression, its `weight` last; terms that `learned(...)` weighs have none.

    Raises: InputError: as `catalogue.read`.
    """
    weighted = {term.name for term in catalogue.read(expression)}
    return {
        term.name: (*catalogue.known()[term.name].settings, *([WEIGHT] if term.name in weighted else []))
        for term in catalogue.terms(expression)
    }


def with_setting(expression: str, loss: str, setting: str, value: Setting) -> str:
    """Return an expression in which one loss has another value of a setting.

    Args:
        expression: e.g. "ce + dice".
        loss: one of its terms; it stands once.
        setting: one of `settings`.
        value: of it.
    Returns: e.g. "ce + 2.0*dice".
    Raises: InputError: as `catalogue.read`; or if the loss stands twice, so that nobody could tell which is meant.
    """
    if [term.name for term in catalogue.terms(expression)].count(loss) > 1:
        raise InputError(f"the loss {expression!r} holds {loss!r} twice, so {loss}.{setting} could be of either.")
    text = _text(_changed(catalogue.read(expression), loss, setting, value))
    catalogue.read(text)
    return text


def without_vanished(expression: str) -> str:
    """Return an expression without the terms whose weight is 0; "" where all are.

    Raises: InputError: as `catalogue.read`.
    """
    return _text([term for term in catalogue.read(expression) if term.weight != 0])


def _changed(terms: Iterable[Term], loss: str, setting: str, value: Setting) -> list[Term]:
    every = [replace(term, inner=tuple(_changed(term.inner, loss, setting, value))) for term in terms]
    return [_with(term, setting, value) if term.name == loss else term for term in every]


def _with(term: Term, setting: str, value: Setting) -> Term:
    if setting == WEIGHT:
        return replace(term, weight=float(value))
    return replace(term, settings={**term.settings, setting: value})


def _text(terms: Sequence[Term]) -> str:
    return " + ".join(map(_text_of, terms))


def _text_of(term: Term) -> str:
    weight = "" if term.weight == 1 else f"{term.weight!r}*"
    target = [term.target] if term.target != "soft" else []
    inside = [*target, *(f"{name}={_value(value)}" for name, value in term.settings.items())]
    if term.inner:
        inside = [_text(term.inner)]
    return f"{weight}{term.name}({', '.join(inside)})" if inside else f"{weight}{term.name}"


def _value(value: Setting) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
