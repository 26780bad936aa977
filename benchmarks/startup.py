"""What starting costs: Snakemake itself, and the imports of each job of the demo were it no fork, in CPU seconds.

Usage: python benchmarks/startup.py [--keep]     (in the project's folder, with .venv active)
Prints the CPU seconds of one dry run and of each script's imports (median of 3), times the demo's jobs.
`--tiny`: those of the first script alone, once.
"""

import ast
import os
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import options
from rows import Rows

SCRIPTS = Path("workflow/scripts")
SCRIPT_OF = {"prepare": "prepare", "soften": "soften"}  # rules whose script is called after the verb


def main() -> None:
    """Print a line for each script and the sum."""
    chosen = options.parser(__doc__, keeps=True).parse_args()
    tiny, rows = chosen.tiny, Rows("startup", chosen, "snakemake", "torch")
    repeats = 1 if tiny else 3
    dry_run = [sys.executable, "-m", "snakemake", "-n", "--cores", "2", "--forceall"]
    snakemake, text = cost(dry_run, repeats)
    jobs = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", text, re.MULTILINE)}
    scripts = {rule: SCRIPTS / f"{SCRIPT_OF.get(rule.split('_')[0], rule)}.py" for rule in jobs}
    there = [rule for rule, script in scripts.items() if script.exists()]
    rows.add("dry run of the demo", [snakemake])
    total = snakemake
    for rule in there[:1] if tiny else there:
        start, _ = cost([sys.executable, "-c", collect_imports(scripts[rule])], repeats)
        total += jobs[rule] * start
        print(f"{rule}: {jobs[rule]} x {start:.1f} CPU s", flush=True)
    rows.add("all starts of the demo, were its jobs no forks", [total])


def collect_imports(script: Path) -> str:
    """Return the import lines of a script."""
    nodes = ast.walk(ast.parse(script.read_text()))
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def cost(command: list[str], repeats: int) -> tuple[float, str]:
    """Return the median CPU seconds (user and system) of a command, and what it printed."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times), printed


if __name__ == "__main__":
    main()
