"""Every contract of a recipe, tried before any job: findings one by one, in seconds."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from softbench.errors import InputError
from softbench.machine.finding import Finding
from softbench.plan import modules, rule_files
from softbench.plugin import try_rule
from softbench.plugin.contracts import CONTRACTS, Contract, ContractError, small_cases
from softbench.soft_labels.load import FOLDER, load, place_of, short

ROOT = modules.PACKAGE.parents[1]
RULES = modules.PACKAGE.parent / "rules" / "soft_labels"


def findings(recipe: str) -> Iterator[Finding]:
    """Yield what was found: of the rule file, then of the module or, where there is none, of what the rule writes.

    Raises: InputError: if there is neither a rule nor a module of this name; the known ones are listed.
    """
    rule, module = RULES / f"{recipe}.smk", FOLDER / f"{recipe}.py"
    if not rule.exists() and not module.exists():
        known = ", ".join(sorted(path.stem for path in RULES.glob("*.smk")))
        raise InputError(f"there is no recipe {recipe!r}: no {rule_files.short(rule)}. Known recipes: {known}.")
    first = _of_rule(rule)
    yield first
    if module.exists():
        yield from _of_module(recipe)
    if first.verdict == "ok":
        yield from try_rule.findings(recipe, ROOT, only_read=module.exists())


def _of_rule(rule: Path) -> Finding:
    if not rule.exists():
        return Finding("rule file", "failed", f"{rule_files.short(rule)} is missing: {rule_files.COPY}.")
    try:
        rule_files.check_names(RULES)
    except InputError as error:
        return Finding("rule file", "failed", str(error))
    return Finding("rule file", "ok", rule_files.short(rule))


def _of_module(recipe: str) -> Iterator[Finding]:
    path = FOLDER / f"{recipe}.py"
    try:
        modules.check_recipe_module(recipe)
        module = load(recipe)
    except InputError as error:
        yield Finding("module", "failed", str(error))
        return
    yield Finding("module", "ok", short(path))
    for contract in CONTRACTS.values():
        yield _of_contract(contract, module, path)


def _of_contract(contract: Contract, module: ModuleType, path: Path) -> Finding:
    if reason := contract.left_out(module):
        return Finding(contract.name, "not checked", reason)
    for dims, case in small_cases().items():
        try:
            contract.check(module, case)
        except ContractError as error:
            return Finding(contract.name, "failed", f"{path.name}, {dims}: {error}")
        except Exception as error:  # whatever the recipe raises is a finding
            return Finding(contract.name, "failed", f"{path.name}, {dims}: it stopped with {place_of(error, path)}.")
    return Finding(contract.name, "ok", str(contract.check.__doc__).partition("\n")[0])
