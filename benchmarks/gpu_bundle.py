"""Fills one folder with what must travel to a machine that is lent without network, for `gpu.py`.

Usage: make gpu-bundle [HIPPOCAMPUS=FOLDER]
   or: python benchmarks/gpu_bundle.py [--into build/gpu-bundle] [--hippocampus FOLDER]
FOLDER holds MSD Task04 as published (imagesTr, labelsTr). Without it the part `hippocampus` will have no data. `--tiny`
packs two cases of each part of the split.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import options
from bundle import pack_hippocampus, pack_packages, write_about
from prepared import prepare_cases
from softbench import datasets
from softbench.datasets import splits
from softbench.jobs.progress import gib
from training_work import CONFIG, HIPPOCAMPUS_SPLIT, ROOT

LARGEST = 56 * 2**20  # bytes: what travels may have 64 MiB in all, the suite's own 7 among them
ABOUT = "about.json"  # what tells a bundle from another folder


def main() -> None:
    """Make the folder anew; print what it holds."""
    chosen = arguments()
    require_cases(chosen.hippocampus)
    empty(chosen.into)
    write_about(chosen.into)
    pack_packages(chosen.into)
    if chosen.hippocampus is None:
        print("no hippocampus: name the folder of MSD Task04 (HIPPOCAMPUS=FOLDER)")
    else:
        pack_cases(chosen)
    size = sum(file.stat().st_size for file in chosen.into.rglob("*") if file.is_file())
    print(f"{chosen.into}: {size / 2**20:.1f} MiB")
    if size > LARGEST:
        raise SystemExit(f"it holds {gib(size)}, more than may travel: {gib(LARGEST)}.")


def require_cases(folder: Path | None) -> None:
    """Stop, before anything is deleted, if a folder that is named holds no images."""
    if folder is not None and not (folder / "imagesTr").is_dir():
        raise SystemExit(f"{folder} has no imagesTr: name the folder of MSD Task04 as published.")


def empty(folder: Path) -> None:
    """Make a folder anew; stop if it holds something else than an earlier bundle."""
    if folder.exists() and any(folder.iterdir()) and not (folder / ABOUT).exists():
        raise SystemExit(f"{folder} holds files that are no bundle. Name an empty folder: --into FOLDER.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def pack_cases(chosen: argparse.Namespace) -> None:
    """Prepare the cases of the split as config says, and pack them."""
    files = {case.id: case for case in datasets.source("hippocampus").find_cases(chosen.hippocampus)}
    split = splits.read(HIPPOCAMPUS_SPLIT)
    there = split[split["case"].isin(files)]
    if there.empty:
        raise SystemExit(f"{chosen.hippocampus} holds no case of MSD Task04_Hippocampus.")
    wanted = there.groupby("part").head(2 if chosen.tiny else len(there))["case"]
    settings = {"normalise": CONFIG["datasets"]["hippocampus"]["normalise"]}
    with tempfile.TemporaryDirectory() as scratch:
        dataset = prepare_cases("hippocampus", [files[case] for case in wanted], Path(scratch), settings)
        pack_hippocampus(chosen.into, dataset)
    print(f"hippocampus: {len(wanted)} cases")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = options.parser(__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "gpu-bundle", help="folder, emptied first")
    parser.add_argument("--hippocampus", type=Path, help="folder of MSD Task04 as published")
    return parser.parse_args()


if __name__ == "__main__":
    main()
