"""`softbench pack`: check the probabilities that a program writes, one NIfTI a case, and store them as a soft label."""

import argparse
import importlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import datasets, images, store
from softbench.datasets.sources.reading import require_same_grid
from softbench.errors import InputError
from softbench.jobs import pieces, progress, provenance
from softbench.jobs.progress import Log
from softbench.plan import calls
from softbench.soft_labels.load import check
from softbench.soft_labels.maps import take_intensities
from softbench.soft_labels.measures import quality
from softbench.tools.command import Command, add_affine, add_settings
from softbench.tools.export import export, find_folder

VERSION = 2
NOTES = """\
A rule calls it with a program of any language after `--`, which is run as `PROGRAM... IN OUT name=value ...`:
  softbench pack --data results/data/mine/manifest.json --output results/soft_labels/mine/foo/manifest.json \\
      --recipe foo --set share=0.3 -- perl workflow/scripts/foo.pl
IN holds what `softbench export` writes (--set intensities=normalised: with images as networks see them). OUT must hold
<case>.nii or <case>.nii.gz for every case: probabilities (x, y, z, class), background first, on the grid of the labels.
They are checked (every case, grid, NaN, range, sums) before the manifest is written, so that nothing is trained on bad
ones.

From files that are there already, such as the probabilities of another network:
  softbench pack --data ... --output ... --recipe foo --from my/probabilities
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="FILE", help="manifest.json of the prepared dataset")
    add("--output", type=Path, required=True, metavar="FILE", help="manifest.json of the soft label")
    add("--recipe", required=True, metavar="NAME", help="as its rule file is called")
    add_settings(parser, "settings: kept, and handed to the program")
    add("--from", type=Path, dest="folder", metavar="FOLDER", help="files that are there, in place of a program")
    add("--raters", choices=("one", "many"), default="one", help="many: the program read all raters; default: one")
    add("--not-normalised", action="store_true", help="the classes of a voxel need not sum to 1")
    add_affine(add)
    add("--workers", type=int, default=1, metavar="N", help="processes that check and store; default: 1")


def run(options: argparse.Namespace) -> None:
    """Run the program, or take what is there; check and store it."""
    if bool(options.passed) == bool(options.folder):
        raise InputError("softbench pack takes a program after `--`, or --from FOLDER: one of the two.")
    data, output = find_folder(options.data), find_folder(options.output)
    settings = calls.read(options.set)

    def use(folder: Path) -> None:
        pack(
            folder, data, output, recipe=options.recipe, settings=settings, normalised=not options.not_normalised,
            raters=options.raters, workers=options.workers, choices=images.Choices(options.affine),
        )  # fmt: skip

    if options.folder:
        use(options.folder)
    else:
        run_program(options.passed, data, options.set, use, intensities=take_intensities(settings)[0])


def run_program(
    program: Sequence[str], data: Path, words: Sequence[str], use: Callable[[Path], None], *, intensities: str
) -> None:
    """Export the cases, call `program... IN OUT words...`, and hand its OUT to `use` before all is deleted.

    Args:
        program: e.g. ("Rscript", "mine.R"); what it prints goes where this process prints.
        data: the folder of a prepared dataset.
        words: settings, each `name=value`.
        use: takes the folder with the program's files.
        intensities: of the images, as in `export`.
    Raises: InputError: if there is no such program, or it ends with an error; and as `export` and `use`.
    """
    with tempfile.TemporaryDirectory(prefix="softbench-pack-") as folder:
        given, made = Path(folder, "in"), Path(folder, "out")
        made.mkdir()
        export(data, given, intensities=intensities)
        try:
            code = subprocess.run([*program, str(given), str(made), *words]).returncode
        except OSError as error:
            raise InputError(
                f"{program[0]} cannot be started ({error.strerror}). Install it, or correct the rule."
            ) from None
        if code:
            raise InputError(f"{' '.join(program)} ended with exit code {code}; what it said stands above. Correct it.")
        use(made)


def pack(
    folder: Path,
    data: Path,
    output: Path,
    *,
    recipe: str,
    settings: Mapping[str, Any],
    normalised: bool = True,
    raters: str = "one",
    workers: int = 1,
    choices: images.Choices = images.NONE,
    log: Log = print,
) -> None:
    """Check the files of all cases, then write `cases/`, quality.parquet, provenance.json and, last, manifest.json.

    Args:
        folder: `<case>.nii` or `<case>.nii.gz` for every case: probabilities (x, y, z, class), background first.
        data: the folder of the prepared dataset.
        output: the soft label's folder.
        recipe: its rule file's name.
        settings: what it was made with.
        normalised: whether the classes of every voxel sum to 1.
        raters: "one" where the program read the first rater, "many" where it read all.
        workers: processes; changes no number.
        choices: how files are read whose headers leave it open.
        log: takes a line of progress.
    Raises: InputError: that lists the cases without a file, or names the first file that breaks the contract; nothing
        is written then that training would read.
    """
    watch = provenance.Watch()
    code = _note(recipe, data, output)
    dataset = datasets.open(data)
    files = _files(folder, list(dataset.cases["case"]))
    (output / "manifest.json").unlink(missing_ok=True)
    work = partial(_pack_case, data, output, normalised, choices)
    records = progress.each(work, list(files.items()), workers=workers, what=recipe, log=log)
    hashes = {case: record["hash"] for case, record in zip(files, records, strict=True)}
    rows = [{"case": case, **record["quality"]} for case, record in zip(files, records, strict=True)]
    pieces.write_file(output / "quality.parquet", pd.DataFrame(rows).to_parquet)
    watch.write(output / "provenance.json", workers=workers, code={code: len(files)})
    facts = {"recipe": recipe, "settings": dict(settings), "kind": "stored", "raters": raters, "normalised": normalised}
    manifest = {**facts, "classes": len(dataset.classes), "map": None, "cases": hashes}
    pieces.write_json(output / "manifest.json", {**manifest, "key": pieces.key_of(**manifest)})


def _note(recipe: str, data: Path, output: Path) -> str:
    """Note the code and files that decide this soft label, its rule and program among them, as Snakemake's scripts do.

    Returns: the name of the record of the code.

    The modules that do so are imported by name: they decide no number, and a soft label does not depend on them.
    """
    record, deciding = (importlib.import_module(f"softbench.plan.code.{name}") for name in ("record", "deciding"))
    wildcards = {"dataset": data.name, "soft_label": output.name}
    job = deciding.Called(f"soften_{recipe}", [os.path.relpath(data / "manifest.json")], wildcards)
    name: str = record.note("pack", job=job)
    return name


def _files(folder: Path, cases: list[str]) -> dict[str, Path]:
    """Return the file of each case."""
    candidates = {case: [folder / f"{case}{end}" for end in (".nii", ".nii.gz")] for case in cases}
    there = {case: [path for path in paths if path.exists()] for case, paths in candidates.items()}
    missing = [case for case, paths in there.items() if not paths]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(cases)} cases have no file in {folder}: {', '.join(missing[:5])}"
            f"{', ...' if len(missing) > 5 else ''}. Write <case>.nii or <case>.nii.gz for each."
        )
    return {case: paths[0] for case, paths in there.items()}


def _pack_case(
    data: Path, output: Path, normalised: bool, choices: images.Choices, case_id: str, path: Path
) -> dict[str, Any]:
    dataset = datasets.open(data)
    case = dataset.load(case_id)
    labels = images.Image(case.labels[0], case.affine, "RAS", dataset.is_oriented(case_id))
    soft = _read(path, labels, choices)
    check(soft, f"{case_id} ({path.name})", (len(dataset.classes), *case.labels.shape[1:]), normalised)
    digest = store.write(output, case_id, soft, affine=case.affine)
    numbers = quality(soft, case.labels, case.spacing_mm, case.truth)
    return {"hash": digest, "quality": {name: value for name, value in numbers.items() if np.isfinite(value)}}


def _read(path: Path, labels: images.Image, choices: images.Choices) -> np.ndarray:
    """Return the probabilities of a file, (C, ...) float32; a slice of a 2-D case loses its axis.

    Raises: InputError: if the file has another grid than the labels, or cannot be read.
    """
    channels = images.read_channels(path, choices)
    if labels.array.ndim == 2 and channels[0].array.shape[0] == 1:
        channels = [replace(one, array=one.array[0], affine=_in_plane(one.affine)) for one in channels]
    else:
        channels = images.on_one_grid([labels, *channels])[1:]
    require_same_grid(path, channels[0], Path("its labels"), labels)
    return np.stack([channel.array for channel in channels]).astype(np.float32)


def _in_plane(affine: np.ndarray) -> np.ndarray:
    """Return (h, w, 1) to x, y in mm of a slice."""
    return affine[[0, 1, 3]][:, 1:]


COMMAND = Command(
    description="Check the probabilities that a program writes, and store them as a soft label.",
    notes=NOTES,
    add_arguments=add_arguments,
    run=run,
    takes_program=True,
)
