"""Rule files, checked when the workflow is read: what is wrong in them, or in a profile that names their rules.

Imported by the Snakefile, so without numpy.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from softbench.errors import InputError, short
from softbench.plan import modules, paths

RULE = re.compile(r"^(?:rule|use rule \w+ as) (\w+)", re.MULTILINE)
RECIPE = re.compile(r"^\s+recipe=['\"](\w+)['\"]", re.MULTILINE)
ROOT = modules.PACKAGE.parents[1]
RULES = ROOT / "workflow" / "rules"
PREFIXES = {"soft_labels": "soften_", "maps": "map_"}
COPY = "copy the text of svls.smk, or start with `make method NAME=...`"

OF_TABLES = (  # rules of an earlier version of which the job of a table does the work
    "statistics_table", "rank_table", "rank_figure", "case_figure", "free_rows", "policies", "truth", "quality_table",
    "gallery", "reliability", "costs",
)  # fmt: skip
NOW = {  # how rules of an earlier version began -> the rule that does their work
    "prepare_": "prepare",
    "fetch_": "fetch_source",
    "figure_probabilities": "figure_of_predictions",
    "figure_discrepancy": "figure_of_predictions",
    "figure_": "figure",
    **dict.fromkeys(OF_TABLES, "table"),
}
MEMORY = {  # rule -> how its memory is set for one of those that it does the work of
    "prepare": "\"64000 if '{rest}' in wildcards.dataset else 32000\"",
    "fetch_source": "\"8000 if wildcards.source == '{rest}' else 4000\"",
}
SHOWN = 3  # names of a rule's predecessors in a message


@dataclass(frozen=True)
class RulesFound:
    """What rules there are.

    `recipes` have a rule `soften_<recipe>`; each kind of `maps` a rule `map_<kind>`, and stands with the recipe that
    makes it ("" where its rule names none); `sources` have a module; `names` are those of all rules, which no table may
    have.
    """

    recipes: Sequence[str]
    maps: Mapping[str, str]
    sources: Sequence[str]
    names: Sequence[str]


def find(root: Path = ROOT) -> RulesFound:
    """Read the Snakefile and the rule files of a suite."""
    rules: dict[str, str] = {}
    for path in [*root.glob("Snakefile"), *sorted((root / "workflow" / "rules").rglob("*.smk"))]:
        _, *parts = RULE.split(path.read_text(encoding="utf-8"))  # a name, then what follows it
        rules |= dict(zip(parts[::2], parts[1::2], strict=True))
    recipes = sorted(name.removeprefix("soften_") for name in rules if name.startswith("soften_"))
    maps = {name.removeprefix("map_"): RECIPE.search(text) for name, text in rules.items() if name.startswith("map_")}
    kinds = {kind: said[1] if said else "" for kind, said in sorted(maps.items())}
    return RulesFound(recipes, kinds, modules.sources(), sorted(rules))


def check_names(folder: Path) -> list[Path]:
    """Return the rule files of a folder, sorted: each declares the rule that it is called after, and no name is twice.

    Args:
        folder: `workflow/rules/soft_labels` or `workflow/rules/maps`.
    Raises: InputError: naming the file, what was found and what to do.
    """
    files, owners = sorted(folder.glob("*.smk")), dict[str, Path]()
    for path in files:
        rules = RULE.findall(path.read_text(encoding="utf-8"))
        for name in rules:
            if name in owners:
                earlier = short(owners[name])
                raise InputError(f"{short(path)} declares the rule {name}, but {earlier} does so too. Rename one.")
            owners[name] = path
        expected = PREFIXES[folder.name] + path.stem
        if expected not in rules:
            raise InputError(
                f"{short(path)} must declare a rule {expected}, as the file is called, but its rules are: "
                f"{', '.join(rules) or 'none'}. Rename the rule or the file."
            )
    return files


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


def check_map(
    kind: str, path: Path, outputs: Sequence[str], constraint: str | None, expected: str, params: Mapping[str, object]
) -> None:
    """Raise unless a rule `map_<kind>` writes maps of this kind, and of it alone; arguments as `check_recipe`.

    Raises: InputError: naming the file, what was found and what to do.
    """
    file = short(path)
    if paths.MAP not in outputs:
        raise InputError(f"{file} writes {', '.join(outputs) or 'nothing'}, but its output must be {paths.MAP}.")
    if constraint != expected:
        raise InputError(
            f"{file} must say `wildcard_constraints: map=plan.soft_labels.maps({kind!r})` in the rule map_{kind}, so "
            f"that it makes the maps of its kind alone; its map is constrained to {constraint or 'nothing'}."
        )
    if "recipe" in params:
        module = f"soft_labels/{params['recipe']}.py"
        if not (modules.PACKAGE / module).exists():
            raise InputError(
                f"{file}: the rule map_{kind} calls the recipe {params['recipe']!r}, but there is no "
                f"{short(modules.PACKAGE / module)}. Write it, or correct `recipe`."
            )
        modules.check_map_module(module)


PARAMS = {"soften.py": ("recipe", "settings", "version"), "map.py": ("recipe", "settings", "version", "shards")}


def check_params(path: Path, script: str, params: Mapping[str, object]) -> None:
    """Raise where a rule lacks a param that the suite's script reads.

    Args:
        path: of the rule file.
        script: its name; one of the user's own reads what it likes.
        params: of the rule.
    Raises: InputError: naming the file, what is missing, and which name was probably meant.
    """
    for name in PARAMS.get(script, ()):
        if name not in params:
            near = difflib.get_close_matches(name, params, 1)
            found = f" It has {near[0]!r}: rename it." if near else f" It has {', '.join(params) or 'none'}."
            raise InputError(f"{short(path)} lacks `{name}` among the params that scripts/{script} reads.{found}")


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


def check_profile(named: Iterable[str], rules: Collection[str]) -> list[str]:
    """Return what there is to tell of rules that a profile or `--set-resources` names and the suite has not.

    One that names a rule of an earlier version, or none at all, would change nothing in silence.

    Args:
        named: rules to which resources, threads or groups are given.
        rules: the names of all rules.
    Raises: InputError: for rules of an earlier version, all at once, with the name of the one that does their work.
    """
    unknown = sorted(set(named) - set(rules))
    earlier: dict[str, list[str]] = {}
    for name in unknown:
        if now := next((now for start, now in NOW.items() if name.startswith(start)), None):
            earlier.setdefault(now, []).append(name)
    if earlier:
        told = "\n".join(f"  {_is_now(now, old)}" for now, old in earlier.items())
        raise InputError(
            "the profile (or --set-resources, --set-threads, --groups) names rules of an earlier version:\n"
            f"{told}\nDelete these lines, or write the rule of today in their place: its own resources stand in "
            "slurm/config.yaml and workflow/rules. docs/cluster.md says more."
        )
    near = {name: difflib.get_close_matches(name, rules, 1) for name in unknown}
    meant = {name: f" Did you mean {close[0]!r}?" if close else "" for name, close in near.items()}
    return [f"The profile names the rule {name!r}, which is not there.{meant[name]}" for name in unknown]


def _is_now(now: str, old: list[str]) -> str:
    more = f" and {len(old) - SHOWN} more" if len(old) > SHOWN else ""
    verb = "are" if len(old) > 1 else "is"
    example = MEMORY.get(now, "8000").format(rest=old[0].partition("_")[2])
    return f"{', '.join(old[:SHOWN])}{more} {verb} now {now!r}, e.g. `set-resources: {now}: mem_mb: {example}`"
