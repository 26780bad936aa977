"""What a dry run of a large campaign costs: CPU seconds, peak memory, jobs; beside the same plan with one job a case.

Usage: python benchmarks/planning.py [--cases 10000] [--methods 200] [--peer-cases 100] [--peer-methods 20]
           [--keep]
Plans, without training anything: all tables of the papers; a made campaign of so many cases and methods x 5 seeds; and
a smaller one beside its peer, a Snakefile whose rules have a wildcard for the case, as benchmarks are often written.
`--tiny`: a table of one paper, and few cases and methods.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import options
from rows import Peer, Rows

ROOT = Path(__file__).parent.parent
SIZES = {"cases": 10_000, "methods": 200, "peer_cases": 100, "peer_methods": 20}
TINY = {"cases": 10, "methods": 2, "peer_cases": 5, "peer_methods": 2}
PEER = """
CASES, METHODS, SEEDS = range({cases}), range({methods}), range(5)
rule all:
    input: expand("scores/{{method}}/{{seed}}/{{case}}.csv", method=METHODS, seed=SEEDS, case=CASES)
rule prepare:
    output: "data/{{case}}.npz"
    shell: "touch {{output}}"
rule soften:
    input: "data/{{case}}.npz"
    output: "soft/{{method}}/{{case}}.npz"
    shell: "touch {{output}}"
rule train:
    input: expand("soft/{{{{method}}}}/{{case}}.npz", case=CASES)
    output: "runs/{{method}}/{{seed}}.pt"
    shell: "touch {{output}}"
rule score:
    input: "runs/{{method}}/{{seed}}.pt", "data/{{case}}.npz"
    output: "scores/{{method}}/{{seed}}/{{case}}.csv"
    shell: "touch {{output}}"
"""


@dataclass(frozen=True)
class Cost:
    """What one dry run took, and how many jobs it planned."""

    cpu_s: float
    memory_mib: float
    jobs: int

    @property
    def more(self) -> str:
        """Return the rest of what is printed."""
        return f", {self.jobs} jobs, {self.memory_mib:.0f} MiB"


def main() -> None:
    """Print one line a plan, and the ratio to the peer."""
    chosen = parsed()
    rows = Rows("planning", chosen, "snakemake")
    with tempfile.TemporaryDirectory() as folder:
        suite = copy_suite(Path(folder) / "suite")
        dry_run(suite, "epd_1_phantom")  # compiles
        for data in ("phantom",) if chosen.tiny else ("published", "open", "phantom"):
            target, what = ("epd_1_phantom", "one table") if chosen.tiny else ("paper_tables", "all papers' tables")
            cost = dry_run(suite, target, "--config", f"data={data}")
            rows.add(f"dry run of {what}, data={data}", [cost.cpu_s], more=cost.more)
        cost = dry_run(suite, *made_campaign(suite, chosen.cases, chosen.methods))
        large = size(chosen.cases, chosen.methods)
        rows.add(f"dry run of {large}", [cost.cpu_s], more=cost.more)
        rows.add(f"memory of the dry run of {large}", [cost.memory_mib], unit="MiB")
        ours = dry_run(suite, *made_campaign(suite, chosen.peer_cases, chosen.peer_methods))
        theirs = dry_run(job_a_case(Path(folder) / "peer", chosen.peer_cases, chosen.peer_methods))
        what = f"dry run of {size(chosen.peer_cases, chosen.peer_methods)}"
        peer = Peer("one job a case", [theirs.cpu_s])
        rows.add(what, [ours.cpu_s], peer, more=f"{ours.more}; one job a case{theirs.more}")


def size(cases: int, methods: int) -> str:
    """Return how large a campaign is."""
    return f"{cases:,} cases x {methods} methods x 5 seeds"


def parsed() -> argparse.Namespace:
    """Return the options."""
    parser = options.parser(__doc__, keeps=True)
    for name, default in SIZES.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    chosen = parser.parse_args()
    return argparse.Namespace(**vars(chosen) | TINY) if chosen.tiny else chosen


def copy_suite(folder: Path) -> Path:
    """Copy what a dry run reads, without results."""
    folder.mkdir()
    for part in ("Snakefile", "config.yaml", "config", "workflow", "envs", "profiles"):
        source = ROOT / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
    return folder


def made_campaign(suite: Path, cases: int, methods: int) -> tuple[str, ...]:
    """Write a split of so many cases and a config of so many LS methods; return the dry run's arguments."""
    names = [f"phantom_brain_{number:05d}" for number in range(cases)]
    parts = ["test" if n % 5 == 0 else "val" if n % 5 == 1 else "train" for n in range(cases)]
    split = suite / "workflow/splits/made/main.csv"
    split.parent.mkdir(exist_ok=True)
    rows = [f"{name},{name},{part}" for name, part in zip(names, parts, strict=True)]
    split.write_text("\n".join(["case,patient,part", *rows]) + "\n")
    labels = [f"  made_{n}: {{recipe: ls, alpha: {n / (2 * methods)}}}" for n in range(methods)]
    listed = [f"  made_{n}: {{title: Made {n}, soft_label: made_{n}}}" for n in range(methods)]
    (suite / "campaign.yaml").write_text(
        "\n".join(
            [
                "run: [made]\nseeds: [0, 1, 2, 3, 4]\ndatasets:",
                f"  made: {{source: phantom_brain, size: tiny, cases: {cases}}}\nsoft_labels:",
                *labels,
                "methods:",
                *listed,
                "experiments:\n  made:\n    dataset: made\n    split: main\n    protocol: demo_brain",
                "    networks: [compact_unet]\n    scoring: {tolerances_mm: [2.0]}",
                f"    methods: [one_hot, {', '.join(f'made_{n}' for n in range(methods))}]",
                "tables:\n  made: {title: Made, experiments: [made], columns: [{metric: dsc, structure: WT}]}",
            ]
        )
    )
    return ("made", "--configfile", "campaign.yaml")


def job_a_case(folder: Path, cases: int, methods: int) -> Path:
    """Write the Snakefile with one job a case."""
    folder.mkdir()
    (folder / "Snakefile").write_text(PEER.format(cases=cases, methods=methods))
    return folder


def dry_run(folder: Path, *arguments: str) -> Cost:
    """Plan in a folder; return what it cost."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(folder / "workflow")
    command = [sys.executable, "-m", "snakemake", "-n", "--cores", "2", *arguments]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        output.seek(0)
        text = output.read()
    found = re.search(r"^total +(\d+)$", text, re.MULTILINE)
    if status or found is None:
        raise SystemExit(f"{' '.join(command)} failed:\n{text[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, int(found[1]))


if __name__ == "__main__":
    main()
