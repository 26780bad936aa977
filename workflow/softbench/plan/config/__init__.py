"""How config is read: YAML with the place of each value, files in layers, then `sweep`, `like`, parts and `tune`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.plan.config import layers, shorthand, sweep, tuning
from softbench.plan.config.check import check, earlier_keys
from softbench.plan.places import Place, Places, plain, refuse

__all__ = ["Config", "Place", "Places", "check", "read"]


@dataclass(frozen=True)
class Config:
    """What config says, as the rest of the suite sees it."""

    values: dict[str, Any]  # plain dicts, lists, texts and numbers
    places: Places  # where each of them was written
    by_name: frozenset[str]  # methods that only experiments that name them run
    shipped: frozenset[str]  # methods of the catalogue
    tried: tuning.Tried  # of each method with `tune` the settings to try, each a method


def read(
    root: Path, configfiles: Sequence[str | Path] = (), assignments: Sequence[str] | Mapping[str, Any] = ()
) -> Config:
    """Read the catalogue, config.yaml, `--configfile`s and `--config`, in this order: the last wins.

    Args:
        root: the folder of the suite, with config/ and config.yaml.
        configfiles: as given to `--configfile`, below `root` or absolute.
        assignments: as given to `--config`, key=value with the value in YAML, or as Snakemake has read them.
    Raises: InputError: with file, line and path of the first fault: what was found, and what to do; of keys of an
        earlier version, all.
    """
    top = layers.stack(root, configfiles, assignments)
    top, sweeps = sweep.expand(top)
    top, by_name, gone = shorthand.methods_by_name(top, sweeps)
    top = sweep.name_members(shorthand.take_others(shorthand.move_parts(top)), sweeps)
    top, tried = tuning.expand(top)
    by_name |= {*tried, *(key for settings in tried.values() for key in settings)}
    config = Config(plain(top), Places(top), by_name, layers.shipped(root, "methods"), tried)
    if gone:
        refuse([*gone, *earlier_keys(config.values)], config.places)
    return config
