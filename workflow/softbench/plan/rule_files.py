"""Rule files of soft labels and maps, checked when the workflow is read: what is wrong stops before any job.

Imported by the Snakefile, so without numpy.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from softbench.errors import InputError
from softbench.plan import modules, paths

NAMED = re.compile(r"^(?:rule|use rule \w+ as) (\w+)", re.MULTILINE)
PREFIXES = {"soft_labels": "soften_", "maps": "map_"}
COPY = "copy the text of svls.smk, or start with `make method NAME=...`"


def names(root: Path) -> list[str]:
    """Return the names of all rules that the Snakefile and the rule files of a suite declare, sorted."""
    files = [*root.glob("Snakefile"), *(root / "workflow" / "rules").rglob("*.smk")]
    return sorted({name for path in files for name in NAMED.findall(path.read_text(encoding="utf-8"))})


def check_names(folder: Path) -> list[Path]:
    """Return the rule files of a folder, sorted: each declares the rule that it is called after, and no name is twice.

    Args:
        folder: `workflow/rules/soft_labels` or `workflow/rules/maps`.
    Raises: InputError: naming the file, what was found and what to do.
    """
    owners: dict[str, Path] = {}
    for path in sorted(folder.glob("*.smk")):
        names = NAMED.findall(path.read_text(encoding="utf-8"))
        for name in names:
            if name in owners:
                raise InputError(
                    f"{short(path)} declares the rule {name}, but {short(owners[name])} does so too. Rename one."
                )
            owners[name] = path
        expected = PREFIXES[folder.name] + path.stem
        if expected not in names:
            found = ", ".join(names) or "none"
            raise InputError(
                f"{short(path)} must declare a rule {expected}, as the file is called, but its rules are: {found}. "
                "Rename the rule or the file."
            )
    return sorted(folder.glob("*.smk"))


def unreadable(path: Path, error: Exception) -> InputError:
    """Return the error of a rule file that Snakemake cannot include."""
    if isinstance(error, InputError):
        return InputError(f"{short(path)}: {error}")
    line = f" in {error.text.strip()!r}" if isinstance(error, SyntaxError) and error.text else ""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    said = f"{type(error).__name__}: {said.rstrip('.')}{line}"
    return InputError(f"{short(path)} cannot be read: {said}. Fix the file, or {COPY}.")


def check_recipe(
    recipe: str, path: Path, outputs: Iterable[str], constraint: str | None, expected: str, params: Mapping[str, object]
) -> None:
    """Raise unless a rule `soften_<recipe>` writes soft labels of this recipe, and of it alone.

    Args:
        recipe: the file's and the rule's name.
        path: of the rule file.
        outputs: patterns, without the constraints of wildcards.
        constraint: of the wildcard soft_label, or None.
        expected: what the constraint must be: the keys of the recipe in config.
        params: of the rule; `recipe` is there where the rule calls a module of this package.
    Raises: InputError: naming the file, what was found and what to do.
    """
    file, outputs = short(path), list(outputs)
    if paths.SOFT_LABEL not in outputs:
        raise InputError(f"{file} writes {', '.join(outputs) or 'nothing'}, but its output must be {paths.SOFT_LABEL}.")
    if constraint != expected:
        raise InputError(
            f"{file} must say `wildcard_constraints: soft_label=plan.soft_labels.keys({recipe!r})`, so that it makes "
            f"the soft labels of its recipe alone; its soft_label is constrained to {constraint or 'nothing'}."
        )
    if "recipe" in params:
        _check_module(recipe, file, str(params["recipe"]))


def _check_module(recipe: str, file: str, called: str) -> None:
    """Raise unless the rule calls the module of its own name, and that module declares what the contract asks for."""
    if called != recipe:
        raise InputError(f"{file} calls the recipe {called!r}; say `recipe={recipe!r}`, as the file is called.")
    path = modules.PACKAGE / "soft_labels" / f"{recipe}.py"
    if not path.exists():
        raise InputError(
            f"{file} calls the recipe {recipe!r}, but there is no {short(path)}. Write it (`make method NAME=...` "
            "shows how), or let the rule call a program of your own and leave out `recipe`."
        )
    modules.check_recipe_module(recipe)


def short(path: Path) -> str:
    """Return a path from `workflow` on, as one types it in the folder of the suite."""
    parts = path.parts
    start = len(parts) - 1 - parts[::-1].index("workflow") if "workflow" in parts else 0
    return "/".join(parts[start:])
