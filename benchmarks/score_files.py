"""What `softbench score` costs on files of BraTS size, beside MONAI and medpy on the same files.

Usage: python benchmarks/score_files.py [--keep]     (in the project's folder, with .venv active; three CPU minutes)
Ten made cases of 240 x 240 x 155 voxels at 1 mm, three nested structures; predictions once as label maps, once as
probabilities of four classes, float32 .nii.gz. Ours is the whole command, imports, table and page included: seconds on
the clock, on all cores. MONAI (HD95) and medpy (HD95, ASD, ASSD) score the label maps of one case on its whole grid,
read by nibabel, in CPU seconds without imports.
`--tiny`: two small cases, on one core.
"""

import contextlib
import io
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import nibabel as nib
import numpy as np
import options
import torch
from measure import CLASSES, TINY, cpu_s, hills, make_case
from medpy.metric import binary as medpy
from monai.metrics import compute_hausdorff_distance
from rows import Rows
from softbench import cli

CASES, SHAPE = 10, (240, 240, 155)  # x, y, z
STRUCTURES = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def main() -> None:
    """Print what both kinds of predictions cost, then the other libraries."""
    chosen = options.parser(__doc__, keeps=True).parse_args()
    tiny, rows = chosen.tiny, Rows("score_files", chosen, "numpy", "numba", "nibabel")
    cases, shape = (2, TINY) if tiny else (CASES, SHAPE)
    cores = 1 if tiny else len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_cases(folder, cases, shape)
        for kind in ("label maps", "probabilities"):
            what = f"softbench score, {cases} cases of BraTS size as {kind}, {cores} cores"
            rows.add(what, [score(folder, kind, cores)], unit="s")
        print_libraries(folder)


def write_cases(folder: Path, cases: int, shape: tuple[int, ...]) -> None:
    """Write references and both kinds of predictions: the case's classes, moved by smooth noise."""
    labels = make_case(shape)[0][0]
    for number in range(cases):
        rng = np.random.default_rng(number)
        turned = np.roll(labels, number, axis=0)
        logits = np.stack([np.where(turned == c, 4, 0) + 0.6 * hills(rng, shape, 3) for c in range(CLASSES)])
        powers = np.exp(logits - logits.max(axis=0)).astype(np.float32)
        probabilities = powers / powers.sum(axis=0)
        write(folder / "references" / f"case_{number}.nii.gz", turned)
        write(folder / "label maps" / f"case_{number}.nii.gz", probabilities.argmax(axis=0).astype(np.uint8))
        write(folder / "probabilities" / f"case_{number}.nii.gz", np.moveaxis(probabilities, 0, -1))


def write(path: Path, array: np.ndarray) -> None:
    """Write a file (x, y, z) or (x, y, z, classes)."""
    path.parent.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(array, LPS), path)


def score(folder: Path, kind: str, cores: int) -> float:
    """Return the seconds that the command takes, on the clock; its table is not printed."""
    named = [f"{name}={','.join(map(str, ids))}" for name, ids in STRUCTURES.items()]
    words = ["--predictions", f"made={folder / kind}", "--references", folder / "references", "--cores", cores]
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        code = cli.main(["score", *map(str, words), "--structures", *named, "--output", str(folder / f"scored {kind}")])
    if code:
        raise SystemExit(said.getvalue())
    return time.perf_counter() - start


def print_libraries(folder: Path) -> None:
    """Print the CPU seconds of the other libraries on one case of label maps."""
    for library, measure in (("MONAI", monai), ("medpy", medpy_trio)):
        seconds, _ = cpu_s(partial(score_case, folder, measure))
        print(f"{library}, one case of label maps: {seconds:.1f} CPU s", flush=True)


def score_case(folder: Path, measure: Callable[[np.ndarray, np.ndarray], Any]) -> list[Any]:
    """Read a case and measure its structures."""
    paths = [folder / side / "case_0.nii.gz" for side in ("label maps", "references")]
    maps = [np.asanyarray(nib.Nifti1Image.from_filename(path).dataobj) for path in paths]
    return [measure(*[np.isin(labels, ids) for labels in maps]) for ids in STRUCTURES.values()]


def monai(prediction: np.ndarray, reference: np.ndarray) -> torch.Tensor:
    """Return MONAI's HD95."""
    warnings.simplefilter("ignore")  # MONAI warns of its own arguments
    predicted, wanted = (torch.from_numpy(mask)[None, None].float() for mask in (prediction, reference))
    return compute_hausdorff_distance(predicted, wanted, percentile=95, include_background=True, spacing=1)


def medpy_trio(prediction: np.ndarray, reference: np.ndarray) -> list[float]:
    """Return medpy's HD95, ASD and ASSD."""
    return [measure(prediction, reference, (1.0, 1.0, 1.0)) for measure in (medpy.hd95, medpy.asd, medpy.assd)]


if __name__ == "__main__":
    main()
