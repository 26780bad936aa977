"""Do methods fit each other: rows that are not trained, controls with the same loss, titles that tell rows apart."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from softbench.errors import in_words
from softbench.losses import catalogue as losses
from softbench.losses.catalogue import Term
from softbench.plan.checks.experiments import Facts
from softbench.plan.places import Fault, KeyPath

# Settings of methods that are trained.
OF_TRAINED = ("soft_label", "loss", "control", "raters", "resolution", "batch", "protocol", "tune", "activation")
LEARNED_FROM = ("soft_label", "raters", "resolution")  # what two methods of one soft label have in common
OUTPUT, PROTOCOL = "activation", "protocol"  # the output belongs to the loss that was made for it
HARD = "one_hot"  # the recipe whose soft labels are the hard ones
BY_TITLE = {
    "methods": "rows",
    "tables": "tables",
    "figures": "figures",
}  # sections whose entries readers know by titles


def faults(facts: Facts) -> Iterator[Fault]:
    """Yield what does not fit in the methods of config, and titles that stand twice."""
    written = facts.plan.config["methods"]
    for name, method in written.items():
        if "sanity" in (method or {}):
            yield from _settings_of_untrained(name, method)
        else:
            yield from _control(name, method or {}, facts)
            yield from _output_and_protocol(name, method or {}, facts)
    for section, what in BY_TITLE.items():
        yield from _same_titles(section, what, facts)


def _settings_of_untrained(name: str, method: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield settings of a row that is scored and not trained which would decide nothing."""
    for key in (key for key in OF_TRAINED if key in method):
        said = "decides nothing: the row has `sanity`, so it is scored and not trained."
        yield Fault(("methods", name, key), f"{said} Leave it out, or leave out `sanity`.")


def _control(name: str, written: Mapping[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield a control that differs both in soft label and in loss: nobody could tell which of them helped."""
    methods = facts.plan.methods
    own, control = methods[name], methods[name]["control"]
    if control is None or methods[control]["sanity"] is not None or _differs_in_one(own, methods[control], facts):
        return
    theirs = methods[control]["loss"]
    tuned = {key for method, settings in facts.plan.tried.items() for key in (method, *settings)}
    alike = [key for key, other in methods.items() if key not in (name, *tuned) and _is_match(own, other, facts)]
    way = f"Name a control with the same loss{f' ({alike[0]})' if alike else ''}, or null."
    why = "and another soft label: their difference would be of both"
    if "control" in written:
        said = f"is {control!r}, which has the loss {theirs!r}, but the method has {own['loss']!r}, {why}. {way}"
        yield Fault(("methods", name, "control"), said)
    else:
        said = f"is {own['loss']!r}, but the method is compared with {control!r}, which has {theirs!r}, {why}. {way}"
        yield Fault(_place(name, "loss", written), said)


def _output_and_protocol(name: str, written: Mapping[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield a control that has another output or protocol, and differs in something else as well."""
    own, control = facts.plan.methods[name], facts.plan.methods[name]["control"]
    if control is None or facts.plan.methods[control]["sanity"] is not None:
        return
    differing = differences(own, facts.plan.methods[control], hard=_learns_hard(facts.plan.methods[control], facts))
    if {OUTPUT, PROTOCOL} & {*differing} and set(differing) != {"loss", OUTPUT} and len(differing) > 1:
        said = f"is {control!r}, but the method differs from it in {in_words(differing)}: nobody could tell which of "
        yield Fault(
            _place(name, "control", written), f"{said}them helped. Name a control that has all but one, or null."
        )


def differences(own: Mapping[str, Any], control: Mapping[str, Any], *, hard: bool) -> list[str]:
    """Return the settings in which a method differs from its control; what is tuned does not count.

    Args: hard: as `_same_loss` takes it.
    """
    found = [key for key in LEARNED_FROM if own[key] != control[key]]
    found += [] if _same_loss(own["loss"], control["loss"], hard=hard) else ["loss"]
    return found + [key for key in (OUTPUT, PROTOCOL) if (own[key] or None) != (control[key] or None)]


def _place(name: str, key: str, written: Mapping[str, Any]) -> KeyPath:
    return ("methods", name, key) if key in written else ("methods", name)


def _is_match(own: Mapping[str, Any], other: Mapping[str, Any], facts: Facts) -> bool:
    """Return whether another method could be the control: of hard labels, with the same loss."""
    return other["sanity"] is None and _learns_hard(other, facts) and _same_loss(own["loss"], other["loss"], hard=True)


def _learns_hard(method: Mapping[str, Any], facts: Facts) -> bool:
    return bool(facts.plan.soft_labels[method["soft_label"]]["recipe"] == HARD)


def _differs_in_one(own: Mapping[str, Any], control: Mapping[str, Any], facts: Facts) -> bool:
    """Return whether a method differs from its control in the labels alone, or in the loss alone."""
    if all(own[key] == control[key] for key in LEARNED_FROM):
        return True
    return _same_loss(own["loss"], control["loss"], hard=_learns_hard(control, facts))


def _same_loss(own: str, control: str, *, hard: bool) -> bool:
    """Return whether two losses are the same but for their targets.

    Args:
        own, control: expressions.
        hard: the control learns from hard labels. Then terms of the soft label (superpixel: `1.0*kl`) may stand beside
            the control's, which look at hard labels: they are how the soft label comes in.
    """
    mine, theirs = losses.read(own), losses.read(control)
    if _plain(mine) == _plain(theirs):
        return True
    return hard and _plain(term for term in mine if term.target == "hard") == _plain(theirs)


def _plain(terms: Iterable[Term]) -> list[tuple[Any, ...]]:
    """Return terms without their targets, in one order."""
    return sorted((term.name, term.weight, sorted(term.settings.items()), _plain(term.inner)) for term in terms)


def _same_titles(section: str, what: str, facts: Facts) -> Iterator[Fault]:
    """Yield entries of a section that have the title of one before them."""
    titled: dict[str, str] = {}
    for name, entry in facts.plan.config.get(section, {}).items():
        title = str((entry or {}).get("title", name))
        if "published" in (entry or {}):
            continue  # its title is the printed one
        first = titled.setdefault(title, name)
        if first != name:
            rest = ["title"] if "title" in (entry or {}) else []
            said = f"is {title!r}, the title of {section}.{first} too: nobody could tell the two {what} apart."
            yield Fault((section, name, *rest), f"{said} Give it another.")
