"""Rehearsals: each experiment of a paper again, tiny, on a phantom: tried before a campaign costs anything."""

from collections.abc import Mapping
from typing import Any

from softbench.errors import InputError

SUFFIX = "_phantom"
TITLE = "Rehearsal on phantoms"
ABOUT = (
    "A rehearsal: the whole path, from images to what is shown here, on phantoms, with small networks and short runs. "
    "It tells whether everything runs; the numbers mean nothing."
)
CHOICES = "The choices named here are those of the table on the paper's data."
COUNTED = ("epochs", "steps")  # how long a protocol is
OWN = ("protocol",)  # merged over what the experiment has; the rest of a rehearsal stands in its place
Named = Mapping[str, dict[str, Any]]


def title(printed: str) -> str:
    """Return the title of what is rehearsed."""
    return f"{TITLE}: {printed}"


def add(experiments: Named, protocols: Named) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return experiments and protocols with those of all rehearsals, `<experiment>_phantom`.

    A rehearsal has the methods, loss and scoring of its experiment, and what its `rehearsal` says in place of the rest;
    its protocol is the experiment's with the entries of `rehearsal.protocol` over it, of which `epochs` or `steps`
    stand in place of either.

    Raises: InputError: if the name of a rehearsal is taken.
    """
    every, protocols = {name: _without(one) for name, one in experiments.items()}, dict(protocols)
    for name, one in experiments.items():
        if "rehearsal" not in one:
            continue
        new = name + SUFFIX
        if new in experiments or new in protocols:
            raise InputError(f"config: experiments.{name} has a rehearsal, {new}, but that name is taken. Rename it.")
        if one["protocol"] not in protocols:
            continue  # said by the plan, which lists the known ones
        own = {key: value for key, value in one["rehearsal"].items() if key not in OWN}
        protocols[new] = _shortened(protocols[one["protocol"]], one["rehearsal"].get("protocol", {}))
        every[new] = every[name] | {"split": "main", "protocol": new} | own
    return every, protocols


def _shortened(protocol: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a protocol with entries over it; it counts in epochs or steps, never both."""
    dropped = COUNTED if set(own) & set(COUNTED) else ()
    return {name: value for name, value in protocol.items() if name not in dropped} | dict(own)


def _without(experiment: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in experiment.items() if key != "rehearsal"}
