"""All benchmarks that compare the suite with others on a CPU, one after another, the shortest first.

Usage: python benchmarks/all_on_cpu.py [--keep] [--note TEXT] [--only NAME ...] [--hippocampus FOLDER]
           (in the project's folder, with .venv active; 25 CPU minutes)
Each is a process of its own, prints what it prints alone, and ends with the seconds it took. One that fails is named
at the end, and the others go on. The training step on real images needs MSD Task04_Hippocampus and is skipped where
the folder is not there. `--tiny`: each at its tiny size. `--keep` writes the figures into benchmarks/results.
"""

import subprocess
import sys
import time
from pathlib import Path

import options

HERE = Path(__file__).parent
STEPS = ["training.py", "--steps-alone", "--work"]
COMMANDS = {
    "fusion": ["training_fusion.py"],
    "phantom": [*STEPS, "phantom"],
    "planning": ["planning.py"],
    "prepare": ["prepare.py"],
    "startup": ["startup.py"],
    "score_files": ["score_files.py"],
    "runs": ["training_runs.py"],
    "soft_labels": ["soft_labels.py"],  # with superpixels and geodesic distances
    "metrics": ["metrics.py"],  # with calibration
    "hippocampus": [*STEPS, "hippocampus"],
}


def main() -> None:
    """Run what is chosen; exit with 1 if one failed."""
    parser = options.parser(__doc__, keeps=True)
    parser.add_argument("--only", nargs="+", choices=list(COMMANDS), default=list(COMMANDS), help="default: all")
    folder = Path("../shared/data/msd_task04_hippocampus")
    parser.add_argument("--hippocampus", type=Path, default=folder, help="the published files (imagesTr, labelsTr)")
    chosen = parser.parse_args()
    passed_on = [f"--{name}" for name in ("tiny", "keep") if getattr(chosen, name)] + ["--note", chosen.note]
    failed = []
    for name in chosen.only:
        command = [*COMMANDS[name], *passed_on]
        if name == "hippocampus":
            if not chosen.hippocampus.is_dir():
                print(f"== {name}: skipped, {chosen.hippocampus} is not there (--hippocampus FOLDER)", flush=True)
                continue
            command += ["--folder", str(chosen.hippocampus)]
        print(f"== {name}: {' '.join(command)}", flush=True)
        start = time.monotonic()
        ended = subprocess.run([sys.executable, str(HERE / command[0]), *command[1:]], check=False)
        print(f"== {name}: {time.monotonic() - start:.0f} s, exit code {ended.returncode}", flush=True)
        failed += [name] if ended.returncode else []
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
