"""Every contract of a recipe, tried before any job: findings one by one, in seconds."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from softbench import datasets
from softbench.errors import InputError, explain_error, short
from softbench.plan import modules, rule_files
from softbench.soft_labels import open_store
from softbench.soft_labels.load import FOLDER, load
from softbench.tools.check.contracts import CONTRACTS, Contract, ContractError, small_cases
from softbench.tools.check.findings import Finding, failed, not_checked, ok

ROOT = modules.PACKAGE.parents[1]
RULES = modules.PACKAGE.parent / "rules" / "soft_labels"
CASES = 3
DATASETS = {"3-D": "phantom_brain_tiny", "2-D": "phantom_body_tiny"}
NEEDED = ("Snakefile", "config.yaml", "config", "workflow", "envs", "profiles")
LAST = 12  # lines of what Snakemake said that are shown where it failed


def findings(recipe: str) -> Iterator[Finding]:
    """Yield what was found: of the rule file, then of the module or, where there is none, of what the rule writes.

    Raises: InputError: if there is neither a rule nor a module of this name; the known ones are listed.
    """
    rule, module = RULES / f"{recipe}.smk", FOLDER / f"{recipe}.py"
    if not rule.exists() and not module.exists():
        known = ", ".join(sorted(path.stem for path in RULES.glob("*.smk")))
        raise InputError(f"there is no recipe {recipe!r}: no {short(rule)}. Known recipes: {known}.")
    first = _of_rule(rule)
    yield first
    if module.exists():
        yield from _of_module(recipe)
    if first.verdict == "ok":
        yield from check_rule(recipe, ROOT, only_read=module.exists())


def _of_rule(rule: Path) -> Finding:
    if not rule.exists():
        return failed("rule file", f"{short(rule)} is missing: {rule_files.COPY}.")
    try:
        rule_files.check_names(RULES)
    except InputError as error:
        return failed("rule file", str(error))
    return ok("rule file", short(rule))


def _of_module(recipe: str) -> Iterator[Finding]:
    path = FOLDER / f"{recipe}.py"
    try:
        modules.check_recipe_module(recipe)
        module = load(recipe)
    except InputError as error:
        yield failed("module", str(error))
        return
    yield ok("module", short(path))
    for contract in CONTRACTS.values():
        yield _of_contract(contract, module, path)


def _of_contract(contract: Contract, module: ModuleType, path: Path) -> Finding:
    if reason := contract.left_out(module):
        return not_checked(contract.name, reason)
    for dims, case in small_cases().items():
        try:
            contract.check(module, case)
        except ContractError as error:
            return failed(contract.name, f"{path.name}, {dims}: {error}")
        except Exception as error:  # whatever the recipe raises is a finding
            return failed(contract.name, f"{path.name}, {dims}: it stopped with {explain_error(error, path)}.")
    return ok(contract.name, str(contract.check.__doc__).partition("\n")[0])


def check_rule(recipe: str, root: Path, *, only_read: bool) -> Iterator[Finding]:
    """Yield whether the workflow reads the rule and, unless only that is asked for, what the rule writes.

    Args:
        recipe: a rule file's name.
        root: the folder of the suite.
        only_read: for a recipe whose module was tried by itself.
    """
    with tempfile.TemporaryDirectory(prefix="softbench-check-") as folder:
        for name in NEEDED:
            Path(folder, name).symlink_to(root / name)
        targets = {dims: f"results/soft_labels/{dataset}/{recipe}/manifest.json" for dims, dataset in DATASETS.items()}
        failed, said = _snakemake(folder, [*targets.values(), *(["-n", "-q"] if only_read else ["-q", "rules", "-k"])])
        name = "read by workflow" if only_read else "rule on phantoms"
        done = "a dry run plans it" if only_read else f"ran on {' and '.join(DATASETS.values())}"
        yield Finding(name, "failed" if failed else "ok", said if failed else done)
        for dims, target in {} if only_read else targets.items():
            if Path(folder, target).exists():
                yield _of_store(Path(folder), dims, Path(target).parent)


def _snakemake(folder: str, arguments: list[str]) -> tuple[bool, str]:
    """Call Snakemake in a folder; return whether it failed, and the end of what it said."""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    fewer = {dataset: {"cases": CASES} for dataset in DATASETS.values()}
    call = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments, "--config", f"datasets={json.dumps(fewer)}"]
    done = subprocess.run(call, cwd=folder, env=environment, text=True, capture_output=True)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return done.returncode != 0, "\n    ".join(lines[-LAST:]).replace(folder + "/", "")


def _of_store(folder: Path, dims: str, store: Path) -> Finding:
    """Read the soft label of every case, as training would."""
    name = f"store ({dims})"
    try:
        dataset = datasets.open(folder / "results" / "data" / store.parent.name)
        soft_labels = open_store(folder / store)
        for case_id in dataset.cases["case"]:
            case = dataset.load(case_id)
            shape, wanted = soft_labels.codes(case).shape, (len(dataset.classes), *case.labels.shape[1:])
            if shape != wanted:
                raise InputError(f"case {case_id}: the shape is {shape}, but must be {wanted}, class first.")
    except InputError as error:
        return failed(name, str(error).replace(f"{folder}/", ""))
    return ok(name, f"{len(dataset.cases)} cases: shape, type, range, sums, manifest")
