"""CT phantoms of the abdomen, as the sources of CT scans store them."""

import numpy as np
from softbench.datasets import phantoms


def phantom(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hounsfield units as a scanner stores them, class ids, and the affine of a phantom."""
    case = phantoms.make("phantom_abdomen", number, size="tiny")
    return np.rint(case.images[0]).astype(np.int16), case.labels[0], case.affine
