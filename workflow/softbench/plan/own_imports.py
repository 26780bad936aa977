"""Imports the files that a user added and tries their losses and networks, in a process of its own, before any job.

Once for each state of their code: what passed is noted in the hidden folder of Snakemake. So planning imports no torch,
and where there is no file of a user, or none that changed, nothing is tried.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from softbench import networks
from softbench.errors import InputError, import_file, short
from softbench.plan import modules, own_files
from softbench.plan.code.graph import Code

CACHE = Path(".snakemake", "softbench", "imported.json")
SAID = "softbench says: "  # begins what the process tells of a file, apart from what the file prints
LONGEST_S = 600


def check(recipes: Collection[str], code: Code, cache: Path = CACHE) -> None:
    """Raise for the first file of a user that cannot be imported, or is a loss or network that gives no sound value.

    Args:
        recipes: those that have a rule.
        code: of the package, whose fingerprints say what has changed.
        cache: notes what has passed.
    Raises: InputError: naming the file, its line, what was found and what to do.
    """
    files = [f"{room}/{path.name}" for room in own_files.KINDS for path in own_files.own(room, recipes)]
    if not files or importlib.util.find_spec("torch") is None:  # then jobs have environments of their own
        return
    states = {file: f"{sys.version} {code.fingerprint(f'softbench/{file}')}" for file in files}
    passed = _read(cache)
    new = [file for file in files if passed.get(file) != states[file]]
    if new:
        _try(new)
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(states), encoding="utf-8")


def _read(cache: Path) -> dict[str, str]:
    try:
        content = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _try(files: list[str]) -> None:
    """Try files in another process; raise for the first that fails."""
    paths = os.pathsep.join(filter(None, [str(modules.PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "softbench.plan.own_imports", *files]
    environment = {**os.environ, "PYTHONPATH": paths}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        raise InputError(f"importing {', '.join(files)} takes more than {LONGEST_S} s. Compute in functions.") from None
    said = [line.removeprefix(SAID) for line in done.stdout.splitlines() if line.startswith(SAID)]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise InputError(said[-1] if said else f"importing {', '.join(files)} ended the process: {last}. Fix the file.")


def main(files: list[str]) -> int:
    """Try files, paths below the package; print the message of the first that fails, and return 1."""
    for file in files:
        try:
            _try_file(file)
        except InputError as error:
            if not _is_left_to_an_environment(error):
                print(f"\n{SAID}{error}")
                return 1
        except SystemExit:
            print(f"\n{SAID}{short(modules.PACKAGE / file)} ends Python when it is imported. Take that call out.")
            return 1
    return 0


def _try_file(file: str) -> None:
    path = modules.PACKAGE / file
    import_file(path)
    if path.parent.name == "losses" and modules.defines(file, "LOSS"):
        from softbench.losses.trial import try_out

        try_out(path.stem)
    if path.parent.name == "networks" and modules.defines(file, "build"):
        networks.try_out(path.stem)


def _is_left_to_an_environment(error: InputError) -> bool:
    """Return whether a package is missing here: `own_files` has looked whether an environment of the suite lists it."""
    cause = error.__cause__
    return isinstance(cause, ModuleNotFoundError) and not str(cause.name).startswith("softbench")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
