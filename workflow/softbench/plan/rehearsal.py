"""Rehearsals: each experiment of a paper again, tiny, on a phantom: tried before a campaign costs anything."""

from typing import Any

from softbench.plan.config.faults import MisfitError

SUFFIX = "_phantom"
COUNTED = ("epochs", "steps")  # how long a protocol is
OWN = ("protocol",)  # merged over what the experiment has; the rest of a rehearsal stands in its place


def add(
    experiments: dict[str, dict[str, Any]], protocols: dict[str, dict[str, Any]]
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return experiments and protocols with those of all rehearsals, `<experiment>_phantom`.

    A rehearsal has the methods, loss and scoring of its experiment, and what its `rehearsal` says in place of the rest;
    its protocol is the experiment's with the entries of `rehearsal.protocol` over it, of which `epochs` or `steps`
    stand in place of either.

    Raises: InputError: if the name of a rehearsal is taken, or the protocol of its experiment is unknown.
    """
    every, protocols = {name: _without(one) for name, one in experiments.items()}, dict(protocols)
    for name, one in experiments.items():
        if "rehearsal" not in one:
            continue
        new = name + SUFFIX
        if new in experiments or new in protocols:
            raise MisfitError(("experiments", name), f"has a rehearsal, {new}, but that name is taken. Rename it.")
        if one["protocol"] not in protocols:
            continue  # said by the plan, which lists the known ones
        own = {key: value for key, value in one["rehearsal"].items() if key not in OWN}
        protocols[new] = _shortened(protocols[one["protocol"]], one["rehearsal"].get("protocol", {}))
        every[new] = every[name] | {"split": "main", "protocol": new} | own
    return every, protocols


def _shortened(protocol: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return a protocol with entries over it; it counts in epochs or steps, never both."""
    kept = (
        protocol if set(own).isdisjoint(COUNTED) else {name: protocol[name] for name in protocol if name not in COUNTED}
    )
    return kept | own


def _without(experiment: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in experiment.items() if key != "rehearsal"}
