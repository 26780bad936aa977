"""A small folder of results to try things on."""

import os
import tempfile
from pathlib import Path

import numpy as np

VERSION = None  # made-up predictions
METHODS = {"one_hot": 3.0, "svls": 1.0}  # how much surer than the soft label a network of the method is made up to be
SEEDS, CASES = 3, 2
NOISE, SMOOTH = 2.0, 1.5  # of the log probabilities: standard deviation, and over how many voxels it is alike
CLASSES = 3


def example(folder: str | os.PathLike[str]) -> Path:
    """Write a small folder of results, as `softbench score` does: two methods, three seeds, two cases of a phantom.

    No network is trained: the predictions are soft labels of the phantom with noise, those of `one_hot` too sure.

    Args:
        folder: where the results go.
    Returns: the folder, for `load`.

    >>> import tempfile
    >>> import softbench
    >>> folder = softbench.results.example(tempfile.mkdtemp())
    >>> sorted(path.name for path in folder.iterdir() if path.suffix)
    ['index.html', 'scores.csv', 'scores.parquet']
    """
    from softbench.tools.score.inputs import Settings, Show, Source
    from softbench.tools.score.run import run

    output = Path(folder)
    with tempfile.TemporaryDirectory() as scratch:
        references, predictions = Path(scratch, "references"), Path(scratch, "predictions")
        for case in range(CASES):
            _write(case, references, predictions)
        sources = [Source(name, seed, predictions / f"{name}-{seed}") for name in METHODS for seed in range(SEEDS)]
        structures = {"kidney": (1, 2), "tumour": (2,)}
        show = Show("Made-up predictions of a kidney phantom", control="one_hot")
        settings = Settings(structures, CLASSES)
        run(sources, [references], output, settings=settings, show=show, versions={}, workers=1, log=lambda line: None)
    return output


def _write(number: int, references: Path, predictions: Path) -> None:
    """Write the label map of a case, and the probabilities of each method and seed."""
    from scipy.ndimage import gaussian_filter

    from softbench import images
    from softbench.datasets import phantoms
    from softbench.soft_labels import svls

    case = phantoms.make("phantom_kidney", number, size="tiny")
    images.write(references / f"{case.id}.nii.gz", case.labels[0], case.affine)
    soft = svls.soften(case.labels, None, case.spacing_mm, classes=CLASSES)
    for place, (name, sharpness) in enumerate(METHODS.items()):
        for seed in range(SEEDS):
            rng = np.random.default_rng((place, seed, number))
            noise = np.stack([gaussian_filter(rng.normal(size=case.labels[0].shape), SMOOTH) for _ in range(CLASSES)])
            logits = sharpness * (np.log(soft + 0.02) + NOISE * noise / noise.std())
            weights = np.exp(logits - logits.max(axis=0))
            probabilities = (weights / weights.sum(axis=0)).astype(np.float32)
            images.write(predictions / f"{name}-{seed}" / f"{case.id}.nii.gz", probabilities, case.affine)
