"""`make method NAME=foo`: a soft label's rule, its module and its test, or the program that the rule calls."""

import keyword
from collections.abc import Mapping
from pathlib import Path

from softbench.errors import InputError
from softbench.new import require_free, write

FORMS = ("labels", "image", "perl", "R")  # of Python that reads labels, or the image too; of a program
INTERPRETERS = {"perl": ("perl", "pl"), "R": ("Rscript", "R")}


def make(name: str, form: str, root: Path) -> str:
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
    _require_no_module(name, root)
    if form in INTERPRETERS:
        interpreter, suffix = INTERPRETERS[form]
        written = write("method", name, _of_program(name, suffix), root, interpreter=interpreter, suffix=suffix)
        return _next(name, written, written[1], [])
    written = write("method", name, _of_module(name), root, image=form == "image")
    tested = f"  python -m pytest tests/contracts tests/soft_labels/test_{name}.py -k {name}"
    return _next(name, written, written[1], [tested])


def _require_no_module(name: str, root: Path) -> None:
    path = Path("workflow", "softbench", "soft_labels", f"{name}.py")
    if (root / path).exists():
        raise InputError(
            f"{path} exists already: NAME={name} is a recipe, or a module that recipes share. Take another."
        )


def _of_module(name: str) -> Mapping[str, Path]:
    return {
        "rule.smk": Path("workflow", "rules", "soft_labels", f"{name}.smk"),
        "module.py": Path("workflow", "softbench", "soft_labels", f"{name}.py"),
        "test.py": Path("tests", "soft_labels", f"test_{name}.py"),
    }


def _of_program(name: str, suffix: str) -> Mapping[str, Path]:
    return {
        "program_rule.smk": Path("workflow", "rules", "soft_labels", f"{name}.smk"),
        f"program.{suffix}": Path("workflow", "scripts", f"{name}.{suffix}"),
    }


def _next(name: str, written: list[Path], first: Path, tested: list[str]) -> str:
    return "\n".join(
        [
            *(f"wrote {path}" for path in written),
            f"Next: change {first}, then",
            f"  softbench check {name}",
            *tested,
            "  snakemake --cores all",
        ]
    )
