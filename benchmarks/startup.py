"""What starting costs: Snakemake itself, and the imports of each job of the demo, in CPU seconds.

Usage: python benchmarks/startup.py     (in the project's folder, with .venv active)
Prints the CPU seconds of one dry run and of each script's imports (median of 3), times the demo's jobs.
"""

import ast
import os
import re
import resource
import statistics
import subprocess
import sys
from pathlib import Path

SCRIPTS = Path("workflow/scripts")
SCRIPT_OF = {"prepare": "prepare", "soften": "soften"}  # rules whose script is called after the verb


def main() -> None:
    """Print a line for each script and the sum."""
    dry_run = [sys.executable, "-m", "snakemake", "-n", "--cores", "2", "--forceall"]
    text = subprocess.run(dry_run, capture_output=True, text=True, check=True).stdout
    jobs = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", text, re.MULTILINE)}
    snakemake = median_cpu_s(dry_run)
    print(f"snakemake: {snakemake:.1f} CPU s")
    total = snakemake
    for rule, count in jobs.items():
        script = SCRIPTS / f"{SCRIPT_OF.get(rule.split('_')[0], rule)}.py"
        if not script.exists():
            continue
        start = median_cpu_s([sys.executable, "-c", imports_of(script)])
        total += count * start
        print(f"{rule}: {count} x {start:.1f} CPU s")
    print(f"all starts of the demo: {total:.1f} CPU s")


def imports_of(script: Path) -> str:
    """Return the import lines of a script, and the modules that its functions import at once."""
    nodes = ast.parse(script.read_text()).body
    return "\n".join(ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def median_cpu_s(command: list[str], repeats: int = 3) -> float:
    """Return the median CPU seconds (user and system) of a command."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times)


if __name__ == "__main__":
    main()
