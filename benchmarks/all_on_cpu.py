"""All benchmarks that compare the suite with others on a CPU, one after another, the shortest first.

Usage: python benchmarks/all_on_cpu.py [--keep] [--only NAME ...] [--minutes N] [--hippocampus FOLDER]
           (in the project's folder, with .venv active; about 35 CPU minutes)
Each is a process of its own, prints what it prints alone, and ends with the seconds it took. One that fails is named
at the end, and the others go on. The training step on real images needs MSD Task04_Hippocampus and is skipped where
the folder is not there. `--minutes`: those that fit, by the minutes that each took on a quiet core of an AMD EPYC.
`--tiny`: each at its tiny size. `--keep` writes the figures into benchmarks/results. `demo.py`, which installs, is not
among them.
"""

import math
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
    "metrics": ["metrics.py"],  # with calibration
    "hippocampus": [*STEPS, "hippocampus"],
    "soft_labels": ["soft_labels.py"],  # with superpixels, and eight minutes of geodesic distances by others
}
MINUTES = {  # about, as their docstrings say, or by the figures of docs/performance.md
    "fusion": 0.5, "phantom": 2, "planning": 1.5, "prepare": 2, "startup": 2, "score_files": 3, "runs": 4, "metrics": 4,
    "hippocampus": 3, "soft_labels": 12,
}  # fmt: skip


def main() -> None:
    """Run what is chosen; exit with 1 if one failed."""
    parser = options.parser(__doc__, keeps=True)
    parser.add_argument("--only", nargs="+", choices=list(COMMANDS), default=list(COMMANDS), help="default: all")
    text = "begin no benchmark that would end later; default: no limit"
    parser.add_argument("--minutes", type=float, default=math.inf, help=text)
    folder = Path("../shared/data/msd_task04_hippocampus")
    parser.add_argument("--hippocampus", type=Path, default=folder, help="the published files (imagesTr, labelsTr)")
    chosen = parser.parse_args()
    passed_on = [f"--{name}" for name in ("tiny", "keep") if getattr(chosen, name)]
    failed, began = [], time.monotonic()
    for name in chosen.only:
        if (time.monotonic() - began) / 60 + MINUTES[name] > chosen.minutes:
            print(f"== {name}: skipped, its {MINUTES[name]:g} minutes are not left (--minutes)", flush=True)
            continue
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
