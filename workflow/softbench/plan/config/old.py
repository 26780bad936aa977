"""What to tell the user of a config.yaml from when it held the whole catalogue."""

from pathlib import Path

from softbench.plan.config import layers
from softbench.plan.config.nodes import Node

MANY = 40  # entries; nobody changes so many of the catalogue's by hand


def advice(root: Path) -> str:
    """Return what to do with a config.yaml that repeats the catalogue, to be said behind any fault; else nothing.

    Its entries lie over those of the catalogue and are read. But what the catalogue has since gained may name what they
    lack.

    Raises: InputError: as `layers.stack`.
    """
    own, catalogue = layers.own(root), layers.catalogue(root)
    repeated = sum(len(_names(own, section) & _names(catalogue, section)) for section in layers.SECTIONS)
    if repeated < MANY:
        return ""
    return (
        f" {layers.OWN} also holds {repeated} entries of config/, where they stand now: it seems to be of an earlier "
        "version. Delete from it all that you did not change."
    )


def _names(layer: Node, section: str) -> set[str]:
    node = layer.value.get(section)
    return set(node.value) if node is not None and isinstance(node.value, dict) else set()
