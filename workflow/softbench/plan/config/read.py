"""All of config, from its files to plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.plan.config import layers, like, members, parts, sweep
from softbench.plan.config.asked import by_name
from softbench.plan.config.nodes import Places, plain


@dataclass(frozen=True)
class Config:
    """What config says, as the rest of the suite sees it."""

    values: dict[str, Any]  # plain dicts, lists, texts and numbers
    places: Places  # where each of them was written
    by_name: frozenset[str]  # methods that only experiments that name them run


def read(
    root: Path, configfiles: Sequence[str | Path] = (), assignments: Sequence[str] | Mapping[str, Any] = ()
) -> Config:
    """Read the catalogue, config.yaml, `--configfile`s and `--config`, in this order: the last wins.

    Args:
        root: the folder of the suite, with config/ and config.yaml.
        configfiles: as given to `--configfile`, below `root` or absolute.
        assignments: as given to `--config`, key=value with the value in YAML, or as Snakemake has read them.
    Raises: InputError: with file, line and path of the first fault: what was found, and what to do.
    """
    top = layers.stack(root, configfiles, assignments)
    top, sweeps = sweep.expand(top)
    top, asked = by_name(top, sweeps)
    top = members.name_members(like.resolve(parts.move(top)), sweeps)
    return Config(plain(top), Places(top), asked)
