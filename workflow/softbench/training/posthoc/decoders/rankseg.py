"""RankSEG: the mask of each structure with the largest expected DSC, if its probabilities are true."""

import numpy as np
import torch

from softbench.training.posthoc.decoding import (
    Decoded,
    Decoder,
    Predicted,
    Structures,
    blank_out,
    of_structures,
    settle,
)

VERSION = 1
SOLVER = "RMA"  # the package's own choice; its "BA" of 2023 takes ten times as long for masks that hardly differ
PRUNED = 0.5  # the authors' default: a structure with no voxel above is not in the case


def fit(predicted: Predicted, structures: Structures) -> Decoder:
    r"""Return the decoder; nothing is fitted.

    .. math:: \hat M_s = \arg\max_M E_{y_v \sim p_{sv}} \frac{2 |M \cap y|}{|M| + |y|}

    with independent voxels. The best mask holds the most probable voxels (Dai & Li), so only their number n is looked
    for; the reciprocal moment approximation (Wang & Dai) takes that of the largest

    .. math:: \frac{2 \sum_{j \le n} p_{(j)}}{n + 1 + \sum_v p_v}

    A structure no voxel of which is more probable than 0.5 is left out, as the authors do. Structures that claim a
    voxel together are settled by `decoding.settle`.

    Source: Dai & Li 2023 (JMLR 24:224), Wang & Dai 2025 (NeurIPS), by their package `rankseg`. Departures: none within
        a structure; their own way of settling classes knows no nested structures.
    """

    def decode(probabilities: np.ndarray, valid: np.ndarray | None) -> Decoded:
        claims = [claim(inside, valid) for _, inside in of_structures(probabilities, structures)]
        return blank_out(settle(probabilities, np.stack(claims), structures), valid)

    return Decoder(decode)


def claim(probability: np.ndarray, valid: np.ndarray | None = None, *, pruned: float = PRUNED) -> np.ndarray:
    """Return the mask (...) bool that RankSEG gives a structure.

    Args:
        probability: (...) float in [0, 1].
        valid: voxels that exist; None: all.
        pruned: the mask is empty where no voxel is more probable than this.
    """
    from rankseg.functional import rankseg  # scipy.stats and more: only where it is used

    inside = np.ones(probability.shape, bool) if valid is None else valid
    mask = np.zeros(probability.shape, bool)
    if inside.any():
        p = torch.from_numpy(np.clip(probability[inside].astype(np.float64), 0, 1))[None, None]
        mask[inside] = rankseg(p, metric="dice", output_mode="multilabel", solver=SOLVER, pruning_prob=pruned)[0, 0]
    return mask
