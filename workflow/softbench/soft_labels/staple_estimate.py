"""What several raters stand for, with how well each knows each class estimated from all: STAPLE.

S. K. Warfield, K. H. Zou, W. M. Wells: Simultaneous Truth and Performance Level Estimation, IEEE Trans. Med. Imaging
23(7), 2004, in its form for several classes: each rater has a matrix of how often he says d where s is true.
"""

import numpy as np

from softbench.errors import InputError

VERSION = 1
TOLERANCE = 1e-5  # change of every probability of a rater, at which the estimate stands still
ROUNDS = 10_000
FIRST = 0.99  # a rater says the true class with this probability before anything is estimated


def staple(labels: np.ndarray, classes: int, *, counts: np.ndarray | None = None) -> np.ndarray:
    """Return the most probable true class of each voxel.

    The share of a class before any rater is heard is its mean share in the raters' maps over the whole grid, as in the
    paper (Sec. II-D.3), without a field that smooths the result. A class that no rater drew is never true. Equal
    probabilities: the smallest id wins, so background wins over structures. One rater: that rater's map.

    Args:
        labels: (R, ...) class ids, R at least 1.
        classes: number of classes, background included.
        counts: (...) how many voxels each place of `labels` stands for; None: one.
    Returns: (...) of the same type.
    Raises: InputError: if the estimate does not come to rest.
    """
    said, places = kinds_of_voxels(labels.reshape(len(labels), -1), classes)
    voxels = np.bincount(places, weights=None if counts is None else counts.reshape(-1), minlength=len(said))
    truth = probabilities_of_kinds(said, voxels.astype(np.float64), classes)
    # digits that rounding leaves must not decide between equal classes
    best = np.round(truth, 9).argmax(axis=1).astype(labels.dtype)
    return best[places].reshape(labels.shape[1:])


def kinds_of_voxels(flat: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what raters say of each kind of voxel, (K, R), and the kind of each voxel, (V,), of labels (R, V).

    Voxels of which all raters say the same are one kind: there are few, and the estimate needs nothing else.
    """
    kinds, places = np.zeros(1, np.int64), np.zeros(flat.shape[1], np.int64)
    said = np.zeros((1, 0), np.int64)
    for row in flat:
        kinds, places = np.unique(places * classes + row, return_inverse=True)
        said = np.column_stack([said[kinds // classes], kinds % classes])
    return said, places


def probabilities_of_kinds(said: np.ndarray, counts: np.ndarray, classes: int) -> np.ndarray:
    """Return the probability of each true class for each kind of voxel, (K, C), by expectation maximisation."""
    votes = np.eye(classes)[said]  # (K, R, C)
    prior = (votes.mean(axis=1) * counts[:, None]).sum(axis=0) / counts.sum()
    off = (1 - FIRST) / max(classes - 1, 1)
    matrix = np.full((said.shape[1], classes, classes), off) + (FIRST - off) * np.eye(classes)
    for _ in range(ROUNDS):
        truth = _posterior(votes, matrix, prior)
        weights = truth * counts[:, None]
        total = weights.sum(axis=0)
        ahead = np.einsum("krd,ks->rds", votes, weights)
        ahead = np.divide(ahead, total, out=matrix.copy(), where=total > 0)
        moved, matrix = np.abs(ahead - matrix).max(), ahead
        if moved < TOLERANCE:
            return _posterior(votes, matrix, prior)
    raise InputError(
        f"`raters: staple` does not come to rest in {ROUNDS} rounds: the raters are too unlike. Use `raters: majority`."
    )


def _posterior(votes: np.ndarray, matrix: np.ndarray, prior: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        logs = np.log(prior) + np.einsum("krd,rds->ks", votes, np.log(np.maximum(matrix, 1e-300)))
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    posterior: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return posterior
