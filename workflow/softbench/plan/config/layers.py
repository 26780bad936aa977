"""The files that config is made of, from the catalogue up to `--config`: each lies over those before it."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.plan.config.source import Tree, compose, load
from softbench.plan.places import ASSIGNED as COMMAND
from softbench.plan.places import Node, Place, fault, merged, plain

SECTIONS = (
    "datasets", "maps", "soft_labels", "teachers", "methods", "networks", "protocols", "experiments", "tables",
    "collections", "figures", "rater_studies", "rater_sweeps", "rater_laboratory",
)  # fmt: skip
PAPERS = ("svls", "geols", "superpixel", "epd")  # the order in which pages show them; files of other names come after
OWN = "config.yaml"
ASSIGNED = Place(COMMAND)
MANY = 40  # entries; nobody changes so many of the catalogue's by hand


def stack(root: Path, configfiles: Sequence[str | Path], assignments: Sequence[str] | Mapping[str, Any]) -> Node:
    """Return all layers as one mapping: catalogue, config.yaml, `--configfile`s, `--config`.

    Mappings are merged key by key, as Snakemake does; a section that a file names without a word below it stays.

    Raises: InputError: as `source.load`; if a file is missing, an entry stands in two files of the catalogue, or a
        section is no mapping.
    """
    top = catalogue(root)
    layers = [own(root), *(_file(root, path, layer) for layer, path in enumerate(configfiles, start=2))]
    for above in [*layers, _assigned(assignments, len(layers) + 1)]:
        top = merged(top, _without_empty_sections(above))
    for section in SECTIONS:
        top.value.setdefault(section, Node({}, top.place))
    return top


def shipped(root: Path, section: str) -> frozenset[str]:
    """Return the names that the catalogue has in a section."""
    found = catalogue(root).value.get(section)
    return frozenset(found.value or {}) if found is not None else frozenset()


def _without_empty_sections(layer: Node) -> Node:
    """Return a layer without sections in which every line is commented out; refuse one that is no mapping."""
    sections = [*SECTIONS, "folders"]
    for name in sections:
        if name in layer.value and not isinstance(layer.value[name].value, dict | None):
            node = layer.value[name]
            raise fault(node.place, [name], "must hold names with settings (`name: {…}`), but holds something else.")
    kept = {name: node for name, node in layer.value.items() if node.value is not None or name not in sections}
    return layer.with_value(kept)


def own(root: Path, path: str | Path = OWN) -> Node:
    """Return config.yaml, or another file that is laid over the catalogue."""
    return _file(root, path, 1)


def catalogue(root: Path) -> Node:
    """Return all files of config/ and config/papers/ as one mapping; an entry stands in one of them alone."""
    top: dict[Any, Node] = {}
    for path in catalogue_files(root):
        for section, node in _without_empty_sections(_file(root, path, 0)).value.items():
            top[section] = _joined(top[section], node, section) if section in top else node
    return Node(top, Place(OWN))


def catalogue_files(root: Path) -> list[str]:
    """Return the files of the catalogue below `root`, in the order in which they are read."""
    folders = [root / "config", root / "config" / "papers"]
    if wrong := sorted(path for folder in folders for path in folder.glob("*.yml")):
        raise InputError(f"{wrong[0].relative_to(root)}: files of config end with .yaml. Rename it.")
    return [str(path.relative_to(root)) for folder in folders for path in sorted(folder.glob("*.yaml"), key=_rank)]


def _rank(path: Path) -> tuple[int, str]:
    name = path.stem if path.parent.name == "papers" else ""
    return (PAPERS.index(name) if name in PAPERS else len(PAPERS)), path.name


def _joined(lower: Node, upper: Node, section: str) -> Node:
    twice = [([section], lower, upper)]
    if isinstance(lower.value, dict) and isinstance(upper.value, dict):
        twice = [([section, name], lower.value[name], upper.value[name]) for name in upper.value if name in lower.value]
    for path, first, second in twice:
        said = f"also stands in {first.place}. Rename one of them; to change an entry, write it in {OWN}."
        raise fault(second.place, path, said)
    return lower.with_value({**lower.value, **upper.value})


def _file(root: Path, path: str | Path, layer: int) -> Node:
    """Return the content of a file, named in messages as it was typed, or from `root` where it lies below it."""
    whole, here = root / path, root.absolute()
    name = str(whole.absolute().relative_to(here)) if whole.absolute().is_relative_to(here) else str(path)
    try:
        return load(whole.read_bytes(), name, layer)
    except FileNotFoundError:
        hint = "Run it in the folder of the suite." if path == OWN else "Correct what --configfile names."
        raise InputError(f"{name}: there is no such file. {hint}") from None
    except (IsADirectoryError, PermissionError) as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}.") from None


def _assigned(assignments: Sequence[str] | Mapping[str, Any], layer: int) -> Node:
    """Return what `--config` says: texts key=value with the value in YAML, or what Snakemake has made of them."""
    if isinstance(assignments, Mapping):
        return _placed(retype(dict(assignments)), layer)
    top = Node({}, ASSIGNED, layer)
    for text in assignments:
        key, sign, value = text.partition("=")
        if not sign:
            raise InputError(f"{ASSIGNED}: takes key=value, but was given {text!r}.")
        if ":" in key:
            raise InputError(
                f'{ASSIGNED}: {text!r} names a key within a key with a colon, which Snakemake refuses: it says "must '
                f"start with a valid identifier\". Write braces: {ASSIGNED} '{_in_braces(key, value)}'"
            )
        tree = compose(value, f"{ASSIGNED} {key}")
        given = tree and Tree(str(ASSIGNED), layer, has_lines=False).node(tree, ASSIGNED, (key,))
        top = merged(top, _placed({key: retype(plain(given)) if given else None}, layer))
    return top


def _in_braces(key: str, value: str) -> str:
    """Return a:b=c as a={b: c}.

    >>> _in_braces("experiments:hippocampus:seeds", "[0, 1]")
    'experiments={hippocampus: {seeds: [0, 1]}}'
    """
    first, *rest = key.split(":")
    return f"{first}={''.join(f'{{{part}: ' for part in rest)}{value}{'}' * len(rest)}"


def _placed(value: Any, layer: int) -> Node:
    """Return values of the command line as nodes."""
    if isinstance(value, Mapping):
        value = {key: _placed(child, layer) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_placed(item, layer) for item in value]
    return Node(value, ASSIGNED, layer)


def retype(value: Any) -> Any:
    """Give values of the command line their types: within `--config 'seeds=[0,1]'` Snakemake leaves texts."""
    if isinstance(value, dict):
        return {key: retype(part) for key, part in value.items()}
    if isinstance(value, list):
        return [retype(part) for part in value]
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?", value):
        return float(value) if set(value) & set(".eE") else int(value)
    return {"true": True, "false": False, "null": None}.get(value, value)


def advice(root: Path, configfiles: Sequence[str | Path] = ()) -> str:
    """Return what to do with a config.yaml from when it held the whole catalogue, or a copy of it; said before a fault.

    Its entries lie over those of the catalogue and are read. But what the catalogue has since gained may name what they
    lack. Nothing is said where no file repeats it.

    Raises: InputError: as `stack`.
    """
    shipped = catalogue(root)
    for path in (OWN, *configfiles):
        mine = own(root, path)
        repeated = sum(len(_names(mine, section) & _names(shipped, section)) for section in SECTIONS)
        if repeated >= MANY:
            return (
                f"{path} also holds {repeated} entries of config/, where they stand now: it seems to be of an earlier "
                "version. Delete from it all that you did not change. What stopped first: "
            )
    return ""


def _names(layer: Node, section: str) -> set[str]:
    node = layer.value.get(section)
    return set(node.value) if node is not None and isinstance(node.value, dict) else set()
