"""What the suite does on a GPU: one prepared script, for any machine that is lent for minutes.

Usage: python benchmarks/gpu.py --minutes 7 --out FILE [--bundle build/gpu-bundle] [--parts steps peers]
       python benchmarks/gpu.py --device cpu --minutes 1        tries every part: on a CPU, `--tiny` is the default
       python benchmarks/gpu.py --device cpu --full --parts hippocampus --minutes 90 --out FILE     the CPU's figures
The machine needs Python 3.11 or newer, torch, numba, scipy, pandas and scikit-image; what else is needed lies in the
folder that `make gpu-bundle` filled. No network, and no version is refused: what is not as pinned is written down.
Parts (`gpu_parts/`), the most valuable first:
  self_check   bf16 against fp32, a rerun's spread, the largest crop that fits
  steps        seconds, memory and rate of a training step at the papers' largest crops; how long it waits for data
  peers        the same step by the SVLS authors' loop and MONAI's recipe, taking turns
  seeds        several seeds as one network, CUDA graphs, torch.compile: time a model, equality of losses
  hippocampus  config's hippocampus_5min, five seeds, end to end
  one_case     inference and scoring of a case of BraTS size
FILE (JSON) is written anew whenever something was found, so a run that is cut off leaves what it measured. A part that
fails is noted with its traceback, the others go on, and the exit code is 1. What no longer fits into the minutes is
skipped and says so. `docs/performance.md` is made from such files: `python benchmarks/performance.py`.
"""

import argparse
import importlib
import importlib.util
import json
import os
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import options
from gpu_parts import PARTS

if TYPE_CHECKING:
    import torch
    from record import Record

ROOT = Path(__file__).parents[1]
NEEDED = ("nibabel", "yaml")  # by the suite's own modules, whatever part runs
PLANNED_MINUTES = 7  # what the seconds of PARTS are made for


def main() -> int:
    """Run the parts; return 1 if one failed."""
    began = time.monotonic()
    chosen = arguments()
    find_packages(chosen.bundle)
    import torch
    from record import Record

    os.chdir(ROOT)
    warnings.simplefilter("ignore")
    device = torch.device(chosen.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    chosen.tiny = chosen.tiny or (device.type == "cpu" and not chosen.full)
    prepare_torch(device)
    facts = {"size": "tiny" if chosen.tiny else "full", "minutes": chosen.minutes, "bundle": about(chosen.bundle)}
    print(f"gpu.py on {device}, size {facts['size']}, {chosen.minutes:g} minutes", flush=True)
    record = Record(chosen.out, device, **facts, finished=False)
    for name in chosen.parts:
        run_part(name, chosen, device, record, began)
    record.content["finished"] = True
    record.write()
    return closing_line(record, chosen.out, time.monotonic() - began)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = options.parser(__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: a GPU where torch finds one")
    parser.add_argument("--minutes", type=float, default=PLANNED_MINUTES, help="after which no further item begins")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "gpu.json", help="file of the results, JSON")
    parser.add_argument(
        "--bundle", type=Path, default=ROOT / "build" / "gpu-bundle", help="what `make gpu-bundle` made"
    )
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS), help="default: all")
    parser.add_argument("--full", action="store_true", help="on a CPU, too: full size (hours, but for hippocampus)")
    chosen = parser.parse_args()
    chosen.out, chosen.bundle = chosen.out.resolve(), chosen.bundle.resolve()
    return chosen


def find_packages(bundle: Path) -> None:
    """Let Python find the suite and, behind what is installed, the packages of the bundle."""
    sys.path.insert(1, str(ROOT / "workflow"))
    sys.path.append(str(bundle / "packages"))
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise SystemExit(
            f"gpu.py needs {', '.join(missing)}, neither installed nor in {bundle / 'packages'}. Fill a bundle with "
            "`make gpu-bundle` where there is a network, copy it along, and name it: --bundle FOLDER."
        )


def about(bundle: Path) -> dict[str, str]:
    """Return which commit made a bundle; nothing where there is none."""
    file = bundle / "about.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def prepare_torch(device: "torch.device") -> None:
    """Set what jobs of the suite set; on a CPU one thread, as its figures are."""
    import torch
    from softbench.training.device import choose

    choose(device.type, lambda line: None)
    if device.type == "cpu":
        torch.set_num_threads(1)


def run_part(name: str, chosen: argparse.Namespace, device: "torch.device", record: "Record", began: float) -> None:
    """Run one part, unless its time is over; note how it ended."""
    start, end = time.monotonic(), began + 60 * chosen.minutes
    share = 1 if chosen.tiny or len(chosen.parts) == 1 else PARTS[name] / (60 * PLANNED_MINUTES)
    if start >= end:
        return say(record, name, status="skipped", reason="no time was left", seconds=0.0)
    from gpu_parts.job import Job

    with tempfile.TemporaryDirectory() as scratch:
        deadline = min(start + 60 * chosen.minutes * share, end)
        job = Job(name, device, chosen.tiny, chosen.bundle, Path(scratch), deadline, record)
        try:
            importlib.import_module(f"gpu_parts.{name}").run(job)
            ended = {"status": "failed", "failed": job.failed} if job.failed else {"status": "done"}
        except Exception:  # whatever a part raises costs the others nothing
            ended = {"status": "failed", "traceback": traceback.format_exc()}
    say(record, name, **ended, seconds=time.monotonic() - start)


def say(record: "Record", name: str, **facts: object) -> None:
    """Note how a part ended, and print it."""
    record.note(name, **facts)
    print(f"{name}: {facts['status']}, {facts['seconds']:.1f} s", flush=True)
    if facts["status"] == "failed":
        print(facts.get("traceback") or facts["failed"], file=sys.stderr, flush=True)


def closing_line(record: "Record", out: Path, seconds: float) -> int:
    """Print how all parts ended; return the exit code."""
    ended = [part["status"] for part in record.content["parts"].values()]
    counts = ", ".join(f"{ended.count(status)} {status}" for status in ("done", "skipped", "failed"))
    print(f"gpu.py: {counts}, in {seconds:.0f} s; results in {out}")
    return int("failed" in ended)


if __name__ == "__main__":
    sys.exit(main())
