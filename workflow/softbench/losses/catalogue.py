"""Losses as config names them, found by being there, and expressions of them; imports no torch.

A loss is a module of this room with a line `LOSS = {"class": ..., "settings": {...}}`, called as its file. An
expression is a sum of losses, e.g. `ce(hard) + dice(hard) + 1.0*kl` or `learned(l1 + soft_dice)`.
"""

import ast
import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from softbench.errors import InputError, listed, meant, short

VERSION = 1
ROOM = Path(__file__).parent
MARK = "\nLOSS = "  # begins the line by which a module says that it is a loss
SHARED = ("arithmetic", "weighted_sum")  # modules that decide the value of every expression
LEARNED = "learned"
KEYS = ("class", "settings", "needs_frequencies")  # of LOSS
TARGETS = ("soft", "hard")
Setting = float | bool


class Loss(NamedTuple):
    """A loss that expressions may name: its class, its settings with their defaults, and what is allowed of them.

    `allowed` holds the module's `ALLOWED`: of a number, `minimum`, `maximum`, `exclusiveMinimum`, `type` "integer".
    """

    kind: str
    settings: Mapping[str, Setting] = {}
    needs_frequencies: bool = False
    allowed: Mapping[str, Mapping[str, Any]] = {}


def find(folder: Path = ROOM) -> dict[str, Loss]:
    """Return the losses of a folder by name: each module with a line `LOSS`.

    `LOSS` holds the `class`; its `settings` with their defaults, if it has any; and `needs_frequencies`, true where the
    class takes the `frequencies` of classes in the training part. What is allowed of settings, a module may say in
    `ALLOWED`, as docs/extend.md shows.
    Raises: InputError: if a line cannot be read.
    """
    files = [file for file in sorted(folder.glob("*.py")) if MARK in file.read_text(encoding="utf-8", errors="replace")]
    return {file.stem: read_file(file) for file in files}


def read_file(file: Path) -> Loss:
    """Return the loss that a file declares, without importing it.

    Raises: InputError: if the file is no Python; LOSS or ALLOWED cannot be read, or have a key that is not known; or
        the class is missing or does not take the settings. The message names the file and what to write.
    """
    try:
        body = ast.parse(file.read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InputError(f"{short(file)}{line} is no Python: {said}. Fix it.") from error
    assigned = {ast.unparse(n.targets[0]): n.value for n in body if isinstance(n, ast.Assign)}
    try:
        facts = ast.literal_eval(assigned["LOSS"])
        allowed = ast.literal_eval(assigned["ALLOWED"]) if "ALLOWED" in assigned else {}
        found = Loss(facts["class"], facts.get("settings", {}), facts.get("needs_frequencies", False), allowed)
        unknown = [*(key for key in facts if key not in KEYS), *(key for key in allowed if key not in found.settings)]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f'{short(file)}: LOSS must be written like {{"class": "Mine", "settings": {{"alpha": 0.3}}}} ({error}).'
        ) from error
    if unknown:
        place, known = ("LOSS", KEYS) if unknown[0] in facts else ("ALLOWED", tuple(found.settings))
        said = f"{place} has the key {unknown[0]!r}. Known: {listed(unknown[0], known)}.{meant(unknown[0], known)}"
        raise InputError(f"{short(file)}: {said}")
    if file.stem == LEARNED:
        raise InputError(f"{short(file)}: `{LEARNED}(...)` weighs the terms of a sum. Give the file another name.")
    _check_class(file, body, found)
    return found


def _check_class(file: Path, body: list[ast.stmt], loss: Loss) -> None:
    """Raise unless a file has the class that LOSS names, and the class takes what LOSS says."""
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    imported = {a.asname or a.name for n in body if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names}
    if loss.kind not in {*classes, *imported}:
        raise InputError(
            f"{short(file)}: LOSS names the class {loss.kind!r}, which the file does not have; its classes: "
            f"{', '.join(classes) or 'none'}.{meant(loss.kind, classes)} Correct `class` in LOSS."
        )
    functions = classes[loss.kind].body if loss.kind in classes else []
    start = next((n.args for n in functions if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if start is None or start.kwarg is not None:
        return
    arguments = [*start.posonlyargs, *start.args][1:] + start.kwonlyargs
    given = {*loss.settings, *(["frequencies"] if loss.needs_frequencies else [])}
    if lost := sorted(given - {argument.arg for argument in arguments}):
        said = f"does not take {', '.join(map(repr, lost))}, which LOSS gives it"
    elif lost := sorted(_needed(start) - given):
        said = f"needs {', '.join(map(repr, lost))}, which LOSS does not give it"
    else:
        return
    raise InputError(f"{short(file)}: `{loss.kind}.__init__` {said}. Correct one of the two.")


def _needed(start: ast.arguments) -> set[str]:
    """Return the arguments of `__init__` without a default."""
    positional = [*start.posonlyargs, *start.args]
    bare = positional[1 : len(positional) - len(start.defaults)]
    named = (a for a, default in zip(start.kwonlyargs, start.kw_defaults, strict=True) if default is None)
    return {argument.arg for argument in (*bare, *named)}


def known() -> dict[str, Loss]:
    """Return the losses of this room, read once; errors as `find`."""
    return _known(ROOM)


_known = functools.cache(find)


def names() -> list[str]:
    """Return the losses that an expression may name.

    >>> from softbench import losses
    >>> [name for name in losses.names() if name.startswith("d")]
    ['dice', 'dice_vnet', 'dsc_pp']
    """
    return sorted(known())


@dataclass(frozen=True)
class Term:
    """One term of an expression; `label` is its text, `inner` the terms that `learned(...)` weighs."""

    label: str
    name: str
    weight: float = 1.0
    target: str = "soft"
    settings: dict[str, Setting] = field(default_factory=dict)
    inner: tuple["Term", ...] = ()


class Reader:
    """Reads one expression; every complaint quotes it."""

    def __init__(self, expression: str, known: Mapping[str, Loss]) -> None:
        """Take the expression and the losses that it may name."""
        self.expression, self.known = expression, known

    def sum(self, text: str) -> list[Term]:
        """Read terms joined by `+`."""
        return [self.term(part) for part in self._split(text, "+")]

    def term(self, text: str) -> Term:
        """Read `name`, `name(arguments)` or `weight*name(arguments)`."""
        *weights, call = self._split(text, "*")
        match = re.fullmatch(r"(\w+)\s*(?:\((.*)\))?", call.strip(), re.DOTALL)
        if match is None:
            self._complain(f"has a term that cannot be read: {text.strip()!r}")
        name, inside = match[1], (match[2] or "").strip()
        weight = self._number("*".join(weights), "a weight") if weights else 1.0
        label = "".join(text.split())
        if name == LEARNED:
            return Term(label, name, weight, inner=self._inner(inside))
        if name not in self.known:
            known = f"known losses: {', '.join(sorted(self.known))}, and `{LEARNED}(...)`"
            self._complain(f"names {name!r}; {known}", meant(name, [*self.known, LEARNED]))
        return Term(label, name, weight, *self._arguments(name, inside))

    def _inner(self, inside: str) -> tuple[Term, ...]:
        """Read the terms whose weights are learned; their labels name the weights, so each stands once."""
        terms = self.sum(inside)
        labels = [term.label for term in terms]
        if any(term.name == LEARNED for term in terms):
            self._complain(f"has `{LEARNED}` within `{LEARNED}`; one is enough")
        for label in labels:
            if labels.count(label) > 1:
                self._complain(f"learns a weight of {label!r} twice; name it once")
        return tuple(terms)

    def _arguments(self, name: str, inside: str) -> tuple[str, dict[str, Setting]]:
        """Read the target and the settings of a loss."""
        settings: dict[str, Setting | str] = {}
        for text in self._split(inside, ",") if inside else []:
            key, equals, value = (word.strip() for word in text.partition("="))
            place = "target" if key in TARGETS and not equals else key
            if place in settings:
                self._complain(f"sets the {place} of {name!r} twice")
            settings[place] = key if place == "target" else self._setting(name, key, value)
        target = str(settings.pop("target", "soft"))
        return target, {key: value for key, value in settings.items() if not isinstance(value, str)}

    def _setting(self, name: str, key: str, value: str) -> Setting:
        defaults = self.known[name].settings
        if key not in defaults:
            known = ", ".join([*TARGETS, *(f"{setting}=..." for setting in defaults)])
            said = f"gives {name!r} the argument {key!r}, which it does not know; known: {known}"
            self._complain(said, meant(key, [*TARGETS, *defaults]))
        if not isinstance(defaults[key], bool):
            return self._within(self._number(value, f"a {key}"), key, self.known[name].allowed.get(key, {}))
        if value not in ("true", "false"):
            self._complain(f"has a {key} that is neither true nor false: {value!r}")
        return value == "true"

    def _within(self, number: float, key: str, allowed: Mapping[str, Any]) -> float:
        """Return a setting that lies in its range."""
        high, above = allowed.get("maximum", math.inf), allowed.get("exclusiveMinimum", -math.inf)
        if number < allowed.get("minimum", -math.inf):
            self._complain(f"has a {key} that is below {allowed['minimum']}: {number:g}")
        if allowed.get("type") == "integer" and number != int(number):
            self._complain(f"has a {key} that is no whole number: {number:g}")
        if not above < number <= high:
            limit = f"above {high}" if number > high else f"not above {above}"
            self._complain(f"has a {key} that is {limit}: {number:g}")
        return number

    def _number(self, text: str, what: str) -> float:
        try:
            number = float(text)
        except ValueError:
            self._complain(f"has {what} that is no number: {text.strip()!r}")
        if not (math.isfinite(number) and number >= 0):
            self._complain(f"has {what} that is below 0 or not finite: {text.strip()!r}")
        return number

    def _split(self, text: str, mark: str) -> list[str]:
        """Split at the marks that stand outside all parentheses."""
        parts, depth = [""], 0
        for letter in text:
            depth += (letter == "(") - (letter == ")")
            if depth < 0:
                break
            if letter == mark and depth == 0:
                parts.append("")
            else:
                parts[-1] += letter
        if depth != 0:
            self._complain("has parentheses that do not match")
        return parts

    def _complain(self, what: str, meant: str = "") -> NoReturn:
        raise InputError(f"the loss {self.expression!r} {what}.{meant}")


def read(expression: str) -> list[Term]:
    """Read an expression: terms joined by `+`, each `loss`, `loss(arguments)` or a number times one of these.

    Arguments are the target, `soft` (the default) or `hard`, and the loss's settings, e.g. `focal(hard, gamma=3)`.
    `learned(sum)` weighs the terms of its sum by learned weights.
    Returns: the terms in order; those of `learned` lie in its `inner`.
    Raises: InputError: if the expression cannot be read, or a loss or argument is unknown; the message lists the known.
    """
    return Reader(expression, known()).sum(expression)


def terms(expression: str) -> list[Term]:
    """Return the losses of an expression in order, those within `learned(...)` too; see `read`."""
    return [loss for term in read(expression) for loss in (term.inner or (term,))]


def modules(expression: str) -> list[str]:
    """Return the files of this room that decide the value of an expression."""
    learned = {"learned_weights"} if any(term.name == LEARNED for term in read(expression)) else set()
    return sorted(f"losses/{stem}.py" for stem in {*SHARED, *learned, *(term.name for term in terms(expression))})


def needs_frequencies(expression: str) -> bool:
    """Return whether a loss of the expression weighs classes by their frequency in the training part.

    >>> from softbench import losses
    >>> losses.needs_frequencies("ce + dice"), losses.needs_frequencies("wce + dice")
    (False, True)
    """
    return any(known()[term.name].needs_frequencies for term in terms(expression))
