"""`softbench new`: write the first files of an own data set, network or method; the verbs of `make` call it."""

import argparse
import keyword
from pathlib import Path

from softbench import networks
from softbench.errors import InputError
from softbench.tools.command import Command
from softbench.tools.new.dataset import make_dataset
from softbench.tools.new.files import require_free, write

USAGE = {
    "dataset": "make dataset NAME=mine FOLDER=/data/Dataset001_Mine",
    "network": "make network NAME=mine",
    "method": "make method NAME=mine",
}
FORMS = ("labels", "image", "perl", "R")  # of Python that reads labels, or the image too; of a program
SOFT_LABELS = "workflow/softbench/soft_labels"
INTERPRETERS = {"perl": ("perl", "pl"), "R": ("Rscript", "R")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("kind", choices=tuple(USAGE))
    text = "its name; of a data set the folder, too; of a method what it reads or its language: labels, image, perl, R"
    parser.add_argument("words", nargs="*", metavar="NAME [MORE]", help=text)


def run(options: argparse.Namespace) -> None:
    """Write what is asked for, and print what to type next."""
    kind, words = options.kind, options.words
    if kind == "dataset" and len(words) == 2:
        print(make_dataset(words[0], Path(words[1]), Path()))
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


COMMAND = Command(
    description="Write the first files of an own data set, network or method, in the folder of the suite.",
    notes="docs/extend.md has what to do with them.",
    add_arguments=add_arguments,
    run=run,
)
