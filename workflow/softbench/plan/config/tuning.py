"""`tune: {alpha: [0.05, 0.1, 0.2]}`: a method whose setting is chosen on validation cases, and the settings to try.

Each setting to try becomes a method of its own, in which that setting has that value. No experiment names it: the jobs
that choose train it (plan/answers/tuning.py). `methods: all` means neither it nor the tuned method, which costs several
times as much as others: experiments name it.
"""

import itertools
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from softbench.errors import InputError
from softbench.losses import written
from softbench.plan import modules
from softbench.plan.config import schema
from softbench.plan.places import KeyPath, Node, fault, known, merged, plain

TUNE = "tune"
SOFT_LABEL, PROTOCOL = "soft_label", "protocol"
DIGITS = 6  # of a number; settings that are the same to so many are one
OF_PROTOCOL = ("learning_rate", "weight_decay")  # what methods of one experiment may have of their own
Tried = Mapping[str, Mapping[str, Mapping[str, Any]]]  # method -> key of a setting to try -> its values by name


class Setting(NamedTuple):
    """A setting that a method has: `place` is soft_label, protocol or the name of a loss."""

    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.place}.{self.name}"


def expand(top: Node) -> tuple[Node, Tried]:
    """Return config with a method for each setting that a method with `tune` tries, and which they are.

    A setting is named as its recipe, loss or protocol names it, `alpha`; where several have one of that name, with what
    has it: `soft_label.alpha`, `nacl.alpha`, `ml1_ace.weight`, `protocol.learning_rate`. Of several settings every
    combination is tried. A soft label whose settings no entry has gets one.

    Raises: InputError: if a setting is not known or could be several, its values cannot be read, or a key is taken.
    """
    sections = dict(top.value)
    methods, labels = dict(sections["methods"].value), dict(sections["soft_labels"].value)
    tried: dict[str, dict[str, dict[str, Any]]] = {}
    for name, node in sections["methods"].value.items():
        if not isinstance(node.value, dict) or TUNE not in node.value:
            continue
        maker = _Maker(name, node, labels)
        tried[name] = {}
        alike: dict[str, str] = {}
        for values in maker.combinations():
            key, made = maker.method(values)
            maker.require_another(key, made, alike)
            if key in methods and plain(methods[key]) != plain(made):  # the same is there in config as it was read
                raise fault(node.place, maker.path, f"makes {key!r}, which methods has already. Rename one of them.")
            methods[key], tried[name][key] = made, values
    sections["methods"] = sections["methods"].with_value(methods)
    sections["soft_labels"] = sections["soft_labels"].with_value(labels)
    return top.with_value(sections), tried


class _Maker:
    """Makes the methods that a tuned one tries; soft labels that are missing are added to `labels`."""

    def __init__(self, name: str, node: Node, labels: dict[Any, Node]) -> None:
        self.name, self.node, self.labels = name, node, labels
        self.path: KeyPath = ("methods", name, TUNE)
        self.of_label = str(plain(node.value[SOFT_LABEL])) if SOFT_LABEL in node.value else name
        self.loss = str(plain(node.value["loss"])) if "loss" in node.value else "ce"
        self.settings = self._settings()
        asked = node.value[TUNE]
        if not isinstance(asked.value, dict) or not asked.value:
            raise fault(asked.place, self.path, "must hold a setting with its values: `tune: {alpha: [0.05, 0.1]}`.")
        self.asked = {
            key: (self._find(key, child), _values((*self.path, key), child)) for key, child in asked.value.items()
        }

        named = [setting for setting, _ in self.asked.values()]
        for key, (setting, _) in self.asked.items():
            if named.count(setting) > 1:
                said = f"is {setting}, which `tune` names twice. Name it once, with all its values."
                raise fault(asked.value[key].place, (*self.path, key), said)

    def combinations(self) -> list[dict[str, Any]]:
        """Return the settings to try, by the names that config gives them."""
        lists = [values for _, values in self.asked.values()]
        return [dict(zip(self.asked, chosen, strict=True)) for chosen in itertools.product(*lists)]

    def method(self, values: Mapping[str, Any]) -> tuple[str, Node]:
        """Return the key and the entry of the method with these settings."""
        entry = {key: child for key, child in self.node.value.items() if key != TUNE}
        of_label: dict[str, Any] = {}
        of_protocol: dict[str, Any] = {}
        loss = self.loss
        for asked, value in values.items():
            setting = self.asked[asked][0]
            if setting.place == SOFT_LABEL:
                of_label[setting.name] = value
            elif setting.place == PROTOCOL:
                of_protocol[setting.name] = value
            else:
                loss = self._loss_with(loss, setting, value)
        if of_label:
            entry[SOFT_LABEL] = self._node(self._label(of_label))
        if of_protocol:
            own = self._node({key: self._node(value) for key, value in of_protocol.items()})
            entry[PROTOCOL] = merged(entry[PROTOCOL], own) if PROTOCOL in entry else own
        if loss != self.loss:
            entry["loss"] = self._node(loss)
        title = plain(entry["title"]) if "title" in entry else self.name
        said = ", ".join(f"{name.rpartition('.')[2]} {value}" for name, value in values.items())
        entry |= {"title": self._node(f"{title}: {said}"), "control": self._node(None)}
        return _key(self.name, values), self.node.with_value(entry)

    def require_another(self, key: str, made: Node, before: dict[str, str]) -> None:
        """Raise where a setting to try trains as one before it, or not at all: losses of weight 0 have vanished."""
        entry = plain(made)
        loss = written.without_vanished(entry.get("loss", self.loss))
        if not loss:
            said = f"tries {key!r}, whose loss is 0 for every prediction. Leave the weight 0 out."
            raise fault(self.node.value[TUNE].place, self.path, said)
        first = before.setdefault(repr((entry.get(SOFT_LABEL), loss, entry.get(PROTOCOL))), key)
        if first != key:
            said = f"tries {first!r} and {key!r}, which train alike: a loss of weight 0 has no settings. Leave out one "
            raise fault(self.node.value[TUNE].place, self.path, f"{said}of the two, e.g. by another weight than 0.")

    def _node(self, value: Any) -> Node:
        return self.node.value[TUNE].with_value(value)

    def _settings(self) -> list[Setting]:
        """Return all settings that the method has."""
        try:
            of_losses = written.settings(self.loss)
        except InputError as error:
            raise fault(self.node.value.get("loss", self.node).place, self.path[:2], f"has {error}") from None
        of_recipe = schema.recipe_settings(self._recipe()) or {}
        return [
            *(Setting(SOFT_LABEL, name) for name in of_recipe),
            *(Setting(loss, name) for loss, names in of_losses.items() for name in names),
            *(Setting(PROTOCOL, name) for name in OF_PROTOCOL),
        ]

    def _recipe(self) -> str:
        entry = self.labels.get(self.of_label)
        named = entry.value.get("recipe") if entry is not None and isinstance(entry.value, dict) else None
        return str(named.value) if named is not None else self.of_label

    def _find(self, asked: Any, node: Node) -> Setting:
        """Return the setting that a key of `tune` means."""
        alike = [setting for setting in self.settings if asked in (setting.name, str(setting))]
        if asked == written.WEIGHT:
            alike = []  # which weight must be said
        if len(alike) == 1:
            return alike[0]
        if alike:
            said = f"could be {' or '.join(map(str, alike))}. Write one of these."
        else:
            said = (
                f"is no setting of the method's soft label, loss or protocol. {known(asked, map(str, self.settings))}"
            )
        raise fault(node.place, (*self.path, asked), said)

    def _loss_with(self, loss: str, setting: Setting, value: Any) -> str:
        try:
            return written.with_setting(loss, setting.place, setting.name, value)
        except (InputError, TypeError, ValueError) as error:
            raise fault(self.node.value[TUNE].place, self.path, f"tries {setting} {value!r}: {error}") from None

    def _label(self, changed: Mapping[str, Any]) -> str:
        """Return the soft label with these settings: one that config has already, or a new one."""
        recipe, entry = self._recipe(), self.labels.get(self.of_label)
        base = entry.value if entry is not None and isinstance(entry.value, dict) else {}
        wanted = {"recipe": recipe, **plain(self._node(base)), **changed}
        full = _in_full(recipe, wanted)
        for name, other in self.labels.items():
            settings = {"recipe": name, **(plain(other) or {})}
            if settings["recipe"] == recipe and _in_full(recipe, settings) == full:
                return str(name)
        new = _key(self.of_label, changed)
        if new in self.labels:
            place = self.node.value[TUNE].place
            raise fault(place, self.path, f"makes the soft label {new!r}, which config has with other settings.")
        own = {key: self._node(value) for key, value in changed.items()}
        self.labels[new] = self._node({**base, "recipe": self._node(recipe), **own})
        return new


def _in_full(recipe: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    defaults = modules.constant(f"soft_labels/{recipe}.py", "SETTINGS", {})
    return {**defaults, **settings}


def _key(name: str, values: Mapping[str, Any]) -> str:
    """Return the key of a made entry: nacl_tuned_alpha_0_05."""
    parts = itertools.chain.from_iterable((key.replace(".", "_"), _in_key(value)) for key, value in values.items())
    return "_".join([name, *parts])


def _in_key(value: Any) -> str:
    """Return a value as it stands in a key; the point becomes _, so that 1.5 and 15 differ."""
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    text = str(int(value)) if whole else f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
    return re.sub(r"[^a-z0-9_]", "_", text.lower().replace("-", "minus"))


def _values(path: KeyPath, node: Node) -> list[Any]:
    """Return the values of a setting: numbers, texts, true or false, each once."""
    values = plain(node)
    if not isinstance(values, list) or not values or not all(map(_is_value, values)):
        raise fault(node.place, path, "must be a list of numbers, texts, or true and false: [0.05, 0.1].")
    if len(_unique(values)) < len(values):
        said = f"has a value twice, to {DIGITS} digits: {values}. Each setting is tried once."
        raise fault(node.place, path, said)
    return values


def _is_value(value: Any) -> bool:
    return isinstance(value, bool | str) or (isinstance(value, int | float) and value == value and abs(value) < 1e300)


def _unique(values: Iterable[Any]) -> set[Any]:
    return {(isinstance(value, bool), value if isinstance(value, str) else f"{value:.{DIGITS}g}") for value in values}
