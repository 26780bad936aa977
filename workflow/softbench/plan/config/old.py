"""What to tell the user of a config.yaml from when it held the whole catalogue."""

from collections.abc import Sequence
from pathlib import Path

from softbench.plan.config import layers
from softbench.plan.config.nodes import Node

MANY = 40  # entries; nobody changes so many of the catalogue's by hand


def advice(root: Path, configfiles: Sequence[str | Path] = ()) -> str:
    """Return what to do with a config.yaml, or a copy of it, that repeats the catalogue, to be said before any fault.

    Its entries lie over those of the catalogue and are read. But what the catalogue has since gained may name what they
    lack. Nothing is said where no file repeats it.

    Raises: InputError: as `layers.stack`.
    """
    catalogue = layers.catalogue(root)
    for path in (layers.OWN, *configfiles):
        own = layers.own(root, path)
        repeated = sum(len(_names(own, section) & _names(catalogue, section)) for section in layers.SECTIONS)
        if repeated >= MANY:
            return (
                f"{path} also holds {repeated} entries of config/, where they stand now: it seems to be of an earlier "
                "version. Delete from it all that you did not change. What stopped first: "
            )
    return ""


def _names(layer: Node, section: str) -> set[str]:
    node = layer.value.get(section)
    return set(node.value) if node is not None and isinstance(node.value, dict) else set()
