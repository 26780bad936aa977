"""Writes docs/performance.md from what was measured: the JSON files of benchmarks/measured.

Usage: python benchmarks/performance.py     (`make docs` calls it)
A file is what `gpu.py --out` or `training.py --out` wrote. Nothing else gives the page a number, and what no file holds
is "not measured". `--tiny` prints the page and writes nothing; `--measured FOLDER` reads another folder.
"""

import json
from pathlib import Path
from typing import Any

import options
from performance_page import card, cpu
from performance_page.cells import NONE

ROOT = Path(__file__).parents[1]
MEASURED = Path(__file__).parent / "measured"
PAGE = ROOT / "docs" / "performance.md"
HEAD = """# Performance

What the suite's training costs on a GPU, beside the loop of the SVLS authors and MONAI's recipe. `make docs` writes
this page from the files of `benchmarks/measured`; what no file holds is "not measured". To measure a card:

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
- **Times as fast**: seconds a step of the peer / seconds a step of ours, by the medians of rounds in which all took
  turns.
"""


def main() -> None:
    """Write the page, or print it."""
    parser = options.parser(__doc__)
    parser.add_argument("--measured", type=Path, default=MEASURED, help="folder of JSON files")
    chosen = parser.parse_args()
    text = page(read(chosen.measured))
    if chosen.tiny:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the records of a folder by the file's stem; those of a tiny size are refused, their numbers say nothing.

    Raises: SystemExit: if one is tiny.
    """
    records = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}
    if tiny := [name for name, record in records.items() if record.get("size") == "tiny"]:
        raise SystemExit(f"{', '.join(tiny)}: measured at a size that only tries the code. Take the file away.")
    return records


def page(records: dict[str, dict[str, Any]]) -> str:
    """Return the page."""
    on_cpu = {name: record for name, record in records.items() if record["machine"]["device"] == "cpu"}
    on_gpus = [record for name, record in records.items() if name not in on_cpu] or [NONE]
    of_cards = [card.of_card(record, list(on_cpu.values())) for record in on_gpus]
    return "\n".join([HEAD, *of_cards, cpu.of_cpus(list(on_cpu.values())), WORDS])


if __name__ == "__main__":
    main()
