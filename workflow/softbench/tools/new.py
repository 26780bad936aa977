"""`softbench new`: write the first files of an own data set, network or method; the verbs of `make` call it.

A data set is read from a folder in nnU-Net's layout: its `dataset.json` and the headers of its files decide the source,
its config and its test. Files are written from `workflow/templates`.
"""

import argparse
import json
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from softbench import images, networks
from softbench.datasets.case import RawCase
from softbench.datasets.sources import nnunet
from softbench.errors import InputError, in_words
from softbench.images.labels import require_unscaled
from softbench.jobs import pieces
from softbench.tools.command import Command, add_choices, read_choices

USAGE = {
    "dataset": "make dataset NAME=mine FOLDER=/data/Dataset001_Mine",
    "network": "make network NAME=mine",
    "method": "make method NAME=mine",
}
FORMS = ("labels", "image", "perl", "R")  # of Python that reads labels, or the image too; of a program
SOFT_LABELS = "workflow/softbench/soft_labels"
INTERPRETERS = {"perl": ("perl", "pl"), "R": ("Rscript", "R")}
PATCH_VOXELS = 64  # of a training patch along an axis at most: ours, so that one core trains a run in minutes
MULTIPLE = 8  # what compact_unet's three halvings want
EVEN = 0.02  # spacings that differ by less than this share are one
EXAMPLE = '{"channel_names": {"0": "T2"}, "labels": {"background": 0, "tumour": 1}}'
TEMPLATES = Path(__file__).parents[2] / "templates"
WIDTH = 120  # of a line of Python, as `ruff format` has it
PIECE = 80  # characters; some need two in their written form


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("kind", choices=tuple(USAGE))
    text = "its name; of a data set the folder, too; of a method what it reads or its language: labels, image, perl, R"
    parser.add_argument("words", nargs="*", metavar="NAME [MORE]", help=text)
    add_choices(parser.add_argument)


def run(options: argparse.Namespace) -> None:
    """Write what is asked for, and print what to type next."""
    kind, words = options.kind, options.words
    if kind == "dataset" and len(words) == 2:
        print(make_dataset(words[0], Path(words[1]), Path(), read_choices(options)))
    elif kind == "network" and len(words) == 1:
        print(make_network(words[0], Path()))
    elif kind == "method" and len(words) in (1, 2):
        print(make_method(words[0], (*words, "labels")[1], Path()))
    else:
        raise InputError(f"a name is wanted{' and a folder' if kind == 'dataset' else ''}: {USAGE[kind]}")


def make_method(name: str, form: str, root: Path) -> str:
    """Write the files of a soft label; return what to type next.

    Args:
        name: of rule, module, config key and table row.
        form: one of `FORMS`.
        root: the repository.
    Raises: InputError: as `require_free` and `write`, or if Python or a form does not allow it.
    """
    if form not in FORMS:
        raise InputError(f"there is no template {form!r}. Leave it out, or say IMAGE=yes, LANGUAGE=perl or LANGUAGE=R.")
    if keyword.iskeyword(name):
        raise InputError(f"NAME={name} is a word of Python. Take another.")
    require_free(name, root, "soft_labels", "methods")
    rule, module = Path("workflow", "rules", "soft_labels", f"{name}.smk"), Path(SOFT_LABELS, f"{name}.py")
    if (root / module).exists():
        raise InputError(
            f"{module} exists already: NAME={name} is a recipe, or a module that recipes share. Take another."
        )
    tested = []
    if form in INTERPRETERS:
        interpreter, suffix = INTERPRETERS[form]
        files = {"program_rule.smk": rule, f"program.{suffix}": Path("workflow", "scripts", f"{name}.{suffix}")}
        written = write("method", name, files, root, interpreter=interpreter, suffix=suffix)
    else:
        files = {"rule.smk": rule, "module.py": module, "test.py": Path("tests", "soft_labels", f"test_{name}.py")}
        written = write("method", name, files, root, image=form == "image")
        tested = [f"  python -m pytest tests/contracts tests/soft_labels/test_{name}.py -k {name}"]
    return _next(written, written[1], [f"  softbench check {name}", *tested, "  snakemake --cores all"])


def make_network(name: str, root: Path) -> str:
    """Write the files of a network; return what to type next.

    Raises: InputError: as `require_free` and `write`, or if there is such a network.
    """
    if name in networks.names():
        raise InputError(f"there is a network {name!r} already. Take another NAME.")
    require_free(name, root, "networks", "experiments", "tables")
    files = {
        "network.py": Path("workflow", "softbench", "networks", f"{name}.py"),
        "config.yaml": Path(f"{name}.yaml"),
        "test.py": Path("tests", "networks", f"test_{name}.py"),
    }
    written = write("network", name, files, root)
    tested = f"  python -m pytest tests/networks -k {name}"
    return _next(written, written[0], [tested, f"  snakemake --cores all {name} --configfile {name}.yaml"])


def _next(written: list[Path], first: Path, commands: list[str]) -> str:
    """Return what was written, and what to type next."""
    return "\n".join([*(f"wrote {path}" for path in written), f"Next: change {first}, then", *commands])


@dataclass(frozen=True)
class Folder:
    """What the folder says of itself.

    Attributes:
        title, licence, citation: as in dataset.json, or what stands in for it.
        channels: names of the channels in order.
        names: label id -> name of its class, background (0) included, without `ignored`.
        regions: names that dataset.json gives to several ids at once.
        ignored: id of voxels that nobody labelled, as a tuple; () where there is none.
        cases: those found.
    """

    title: str
    licence: str
    citation: str
    channels: tuple[str, ...]
    names: Mapping[int, str]
    regions: Mapping[str, tuple[int, ...]]
    ignored: tuple[int, ...]
    cases: list[RawCase]

    @property
    def whole(self) -> list[RawCase]:
        """The cases that have image and label map."""
        return [case for case in self.cases if case.images and case.labels]


def make_dataset(name: str, folder: Path, root: Path, choices: images.Choices = images.NONE) -> str:
    """Write the files of a source for a folder in nnU-Net's layout; return what to type next.

    Raises: InputError: as `look`, `require_free` and `write`.
    """
    raw = look(folder)
    require_free(name, root, "datasets", "protocols", "experiments", "tables")
    files = {
        "source.py": Path("workflow", "softbench", "datasets", "sources", f"{name}.py"),
        "config.yaml": Path(f"{name}.yaml"),
        "test.py": Path("tests", "datasets", f"test_{name}.py"),
    }
    written = write("dataset", name, files, root, folder=folder.resolve(), **_values(raw, choices))
    told = [*_told(name, raw), *(f"wrote {path}" for path in written), f"Next: read {name}.yaml, then"]
    return "\n".join([*told, f"  snakemake --cores all {name} --configfile {name}.yaml"])


def _values(raw: Folder, choices: images.Choices) -> dict[str, Any]:
    """Return what the templates name."""
    ids = sorted(raw.names)
    index = {number: place for place, number in enumerate(ids)}
    structures: dict[str, tuple[int, ...]] = {raw.names[number]: (index[number],) for number in ids[1:]}
    structures |= {name: tuple(index[number] for number in of) for name, of in raw.regions.items()}
    shapes, spacings = collect_grids(raw.whole, choices)
    return {
        "source": raw,
        "classes": tuple(raw.names[number] for number in ids),
        "structures": structures,
        "parts": raw.regions or {raw.names[number]: () for number in ids[1:]},
        "label_ids": {} if list(index) == list(index.values()) else index,
        "dims": shapes.shape[1],
        "spacing_mm": _spacing(spacings),
        "patch_size": _patch_size(shapes, spacings),
        "is_ct": raw.channels == ("ct",),
        "choices": choices,
    }


def _spacing(spacings: np.ndarray) -> list[float] | None:
    """Return the median spacing where cases differ; None where one grid serves all."""
    median = np.median(spacings, axis=0)
    differ = (np.abs(spacings / median - 1) > EVEN).any()
    return [float(f"{length:.3g}") for length in median] if differ else None


def _patch_size(shapes: np.ndarray, spacings: np.ndarray) -> list[int]:
    """Return the size of a training patch: half or more of a usual case, at most `PATCH_VOXELS`."""
    resampled = shapes * spacings / np.median(spacings, axis=0)
    lengths = np.median(resampled, axis=0)
    whole = [max(MULTIPLE, min(PATCH_VOXELS, length // MULTIPLE * MULTIPLE)) for length in lengths]
    return [max(1, int(min(pair))) for pair in zip(whole, lengths, strict=True)]  # no longer than a case


def _told(name: str, raw: Folder) -> list[str]:
    """Return what was found, in lines."""
    wanting = [
        f"{case.id} has {'no label map' if case.images else 'no image'}"
        for case in raw.cases
        if not (case.images and case.labels)
    ]
    lines = [f"{name}: {len(raw.whole)} cases, channels {', '.join(raw.channels)}, "
             f"classes {', '.join(raw.names.values())}"]  # fmt: skip
    if wanting:
        lines.append(f"{len(wanting)} more cannot be used, and the run will stop at them: {'; '.join(wanting[:10])}")
    return lines


def look(folder: Path) -> Folder:
    """Read dataset.json and list the cases.

    Raises: InputError: if there is no readable dataset.json, it names no channels or labels, or no case has both files.
    """
    facts = _facts(folder)
    channels = _channels(facts.get("channel_names") or facts["modality"])
    single, regions, ignored = _labels(facts["labels"], folder)
    known = Folder(
        str(facts.get("name") or folder.resolve().name),
        str(facts.get("licence") or facts.get("license") or "not stated: see who gave you the data"),
        str(facts.get("reference") or "own data"),
        channels,
        single,
        regions,
        ignored,
        nnunet.find_cases(folder, len(channels)),
    )
    if not known.whole:
        raise InputError(
            f"{folder} holds no case with an image and a label map. Expected in it: {nnunet.LAYOUT}; "
            "other formats (.mha, .nrrd, .png) must be written as NIfTI first."
        )
    return known


def collect_grids(cases: list[RawCase], choices: images.Choices = images.NONE) -> tuple[np.ndarray, np.ndarray]:
    """Return the shapes and spacings (case, D H W) of volumes, from their headers; axes are those of RAS.

    Raises: InputError: if a header leaves open how a file is read, and `choices` does not say it.
    """
    shapes, spacings = [], []
    for case in cases:
        for path in case.labels:
            require_unscaled(path, images.read_header(path, choices), choices)
        shape, affine = images.grid(images.read_header(case.images[0], choices))
        shapes.append(shape)
        spacings.append(images.spacing_of(affine))
    return np.array(shapes), np.array(spacings)


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / "dataset.json"
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read ({error}). It says what channels and labels mean, at least: {EXAMPLE}"
        ) from error
    lacking = [] if facts.get("channel_names") or facts.get("modality") else ["channel_names"]
    lacking += [] if facts.get("labels") else ["labels"]
    if lacking:
        raise InputError(f"{path} lacks {in_words(lacking)}. At least wanted: {EXAMPLE}")
    return facts


def _channels(named: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the channels in order, each one another."""
    names = [_word(named[number]) for number in sorted(named, key=int)]
    return tuple(name if names.count(name) == 1 else f"{name}_{place}" for place, name in enumerate(names))


def _labels(
    labels: Mapping[str, Any], folder: Path
) -> tuple[dict[int, str], dict[str, tuple[int, ...]], tuple[int, ...]]:
    """Return id -> class, the regions, and the ignored ids, from {name: id} or, as the Decathlon has it, {id: name}."""
    if all(key.isdigit() for key in labels):
        labels = {name: int(number) for number, name in labels.items()}
    try:
        several = {name: value if isinstance(value, list | tuple) else [value] for name, value in labels.items()}
        ids = {_word(name): tuple(int(number) for number in value) for name, value in several.items()}
    except (TypeError, ValueError) as error:
        raise InputError(f"{folder / 'dataset.json'}: labels is {labels}. Write it like {EXAMPLE}") from error
    ignored = ids.pop("ignore", ())
    single = {of[0]: name for name, of in ids.items() if len(of) == 1}
    regions = {name: of for name, of in ids.items() if len(of) > 1}
    every = sorted({0, *(number for of in ids.values() for number in of)})
    names = {number: single.get(number, f"label_{number}") for number in every} | {0: "background"}
    return names, regions, ignored


def _word(name: str) -> str:
    """Return a name as classes and channels are called here: small letters, digits and underscores."""
    return "_".join("".join(c if c.isalnum() else " " for c in str(name).lower()).split()) or "unnamed"


def write(kind: str, name: str, files: Mapping[str, Path], root: Path, **values: Any) -> list[Path]:
    """Fill the templates of a kind and write them where they belong; return the paths, below `root`.

    Args:
        kind: a folder of `workflow/templates`.
        name: of what is new; the templates know it as `name`.
        files: template without `.j2` -> where its text goes, below `root`.
        root: the repository.
        values: what else the templates name.
    Raises: InputError: if the name cannot be one, or a file is there already: nothing is overwritten.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"NAME={name} cannot be a name. Take a to z first, then a to z, 0 to 9 and _, e.g. NAME=mine.")
    there = [str(path) for path in files.values() if (root / path).exists()]
    if there:
        raise InputError(f"{', '.join(there)}: there already. Take another NAME, or delete what is there.")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / kind), autoescape=False, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals["line"] = line
    texts = {
        path: environment.get_template(f"{template}.j2").render(name=name, **values) for template, path in files.items()
    }
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        pieces.write_text(root / path, text)
    return list(texts)


def require_free(name: str, root: Path, *parts: str) -> None:
    """Raise `InputError` if one of these parts of config has a key of this name, or a rule is called so."""
    from softbench.plan import config, rule_files

    read = config.read(root)
    taken = [f"{part}.{name} of {read.places.of((part, name))}" for part in parts if name in read.values[part]]
    taken += ["a rule"] if name in rule_files.find().names else []
    if taken:
        raise InputError(f"NAME={name} is the name of {' and of '.join(taken)}. Take another.")


def line(name: str, value: Any) -> str:
    """Return `NAME = value` for text, tuples and mappings of such; what is too long for a line has a line an entry."""
    short = f"{name} = {_short(value)}"
    if len(short) <= WIDTH:
        return short
    if isinstance(value, Mapping):
        entries = [f"    {_short(key)}: {_short(entry)}," for key, entry in value.items()]
        return "\n".join([f"{name} = {{", *entries, "}"])
    if isinstance(value, tuple):
        return "\n".join([f"{name} = (", *(f"    {_short(entry)}," for entry in value), ")"])
    parts = [value[start : start + PIECE] for start in range(0, len(value), PIECE)]  # of a text, each fits into a line
    return "\n".join([f"{name} = (", *(f"    {_short(part)}" for part in parts), ")"])


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_short(key)}: {_short(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_short, value)) + ("," if len(value) == 1 else "") + ")"
    return json.dumps(value, ensure_ascii=False)


COMMAND = Command(
    description="Write the first files of an own data set, network or method, in the folder of the suite.",
    notes="docs/extend.md has what to do with them.",
    add_arguments=add_arguments,
    run=run,
)
