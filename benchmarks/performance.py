"""Writes docs/performance.md and its picture, and what other pages say of speed, from what was measured.

Usage: python benchmarks/performance.py     (`make docs` calls it)
Figures of CPUs are those of benchmarks/results, which `--keep` of a benchmark writes; a file of benchmarks/measured is
what `gpu.py --out` wrote. Nothing else gives a page a number, and what no file holds is "not measured". Blocks of
README.md and of other pages, between marks, have their comparisons from the same files (`performance_page/claims.py`).
`--tiny` prints the page and writes nothing; `--measured FOLDER` and `--results FOLDER` read other folders.
"""

import json
from pathlib import Path
from typing import Any

import options
from performance_page import card, claims, cpu
from performance_page.cells import Record

ROOT = Path(__file__).parents[1]
MEASURED = Path(__file__).parent / "measured"
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "pictures" / "performance.png"
HEAD = """# Performance

What the suite costs beside other software, on CPUs and on GPUs. `make docs` writes this page from the files of
`benchmarks/results` (CPUs) and `benchmarks/measured` (GPUs); what no file holds is "not measured".

## On CPUs

```sh
python benchmarks/all_on_cpu.py --keep
```

runs all comparisons one after another, in about 35 CPU minutes, and writes their figures into the file of your machine;
each can be run alone (column "by"), and says with `--help` what it does. `python benchmarks/demo.py --keep` measures
installation and demo in a fresh clone. CPU seconds and milliseconds are those of one thread, medians of the rounds in
which both took turns; those of `demo.py` are of all processes. "s" is time on the clock. "Other programs" is how many
cores these kept busy meanwhile, on average. A row "measured by hand" was entered from commands that were timed by
hand in installed clones; a run of its benchmark replaces it.

![How many times as fast as other software](pictures/performance.png)
"""
GPU = """## On GPUs

A training step on a GPU, beside the loop of the SVLS authors and MONAI's recipe. To measure a card:

```sh
make gpu-bundle HIPPOCAMPUS=/data/Task04_Hippocampus
python benchmarks/gpu.py --minutes 7 --out benchmarks/measured/CARD.json
```

The first command fills `build/gpu-bundle` with what a machine without network lacks. The second needs Python, torch,
numba, scipy, pandas and scikit-image, in whatever versions, and one GPU; `benchmarks/gpu.py` says what its parts
measure.
"""
WORDS = """## What the words mean

- **Step**: reading a batch from memory, crops and flips, forward, loss, backward, clipping and optimiser, in the
  suite's own loop, bf16 on a GPU. Seconds are those between two events of the GPU's stream (CPU: CPU seconds of one
  thread).
- **Operations** of a step: torch's count (`torch.utils.flop_counter`) of its convolutions and products, forward and
  backward; a multiplication and an addition are two. Normalisation, activation and loss count as nothing.
- **Achievable rate**: the highest rate that one large, well-shaped convolution reached on the same card in the same
  run, forward and both gradients, kernel 3, channels last, in the number format of the step; 3-D and 2-D each have
  their own.
- **Share of achievable**: operations of a step / its seconds / the achievable rate.
- **Convolutions alone**: the sum over the network's convolutions of the seconds that each takes when it runs alone at
  its size, forward and backward, as a share of the step: what an ideal arrangement of all else would leave.
- **Waiting for data**: 1 − (seconds of a step whose batch is there already) / (seconds of a step). What the GPU itself
  does to make a batch counts as waiting.
- **Busy**: share of the time in which a kernel ran, under torch's profiler, which slows the host.
- **Other programs**: how many cores they kept busy while a row was measured, on average (the kernel's count of all
  work, less that of the benchmark); 0.0 is a quiet machine. Rows of before this was measured say "not measured", or
  that both cores were busy.
- **Times as fast**: seconds a step of the peer / seconds a step of ours, by the medians of rounds in which all took
  turns.
"""


def main() -> None:
    """Write the page, or print it."""
    parser = options.parser(__doc__)
    parser.add_argument("--measured", type=Path, default=MEASURED, help="folder of JSON files of GPUs")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of JSON files of CPUs")
    chosen = parser.parse_args()
    machines = read(chosen.results)
    text = page(read(chosen.measured), machines)
    if chosen.tiny:
        print(text)
    else:
        write(text, machines)


def write(text: str, machines: dict[str, Record]) -> None:
    """Write the page, its picture, and the blocks of other pages."""
    from performance_page import picture  # matplotlib, which printing does not need

    PAGE.write_text(text, encoding="utf-8")
    picture.draw(machines, PICTURE)
    for name in claims.PAGES:
        path = ROOT / name
        path.write_text(claims.with_blocks(name, path.read_text(encoding="utf-8"), machines), encoding="utf-8")


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the records of a folder by the file's stem; those of a tiny size are refused, their numbers say nothing.

    Raises: SystemExit: if one is tiny.
    """
    records = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}
    if tiny := [name for name, record in records.items() if record.get("size") == "tiny"]:
        raise SystemExit(f"{', '.join(tiny)}: measured at a size that only tries the code. Take the file away.")
    return records


def page(records: dict[str, dict[str, Any]], machines: dict[str, Record]) -> str:
    """Return the page."""
    on_cpu = {name: record for name, record in records.items() if record["machine"]["device"] == "cpu"}
    on_gpus = [record for name, record in records.items() if name not in on_cpu]
    of_cards = [card.of_card(record, list(on_cpu.values())) for record in on_gpus]
    return "\n".join([HEAD, cpu.of_cpus(machines), GPU, *(of_cards or ["No GPU has been measured yet.\n"]), WORDS])


if __name__ == "__main__":
    main()
