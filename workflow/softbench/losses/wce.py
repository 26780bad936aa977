"""Cross-entropy whose classes weigh the more the rarer they are: the WCE of the superpixel paper."""

from collections.abc import Sequence

import torch
from torch import nn

from softbench.errors import InputError
from softbench.losses.arithmetic import log_probabilities, mean_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "WeightedCrossEntropy", "needs_frequencies": True}
OFFSET = 1.02  # ENet's: an absent class weighs 50.5, a class that fills everything 1.42


class WeightedCrossEntropy(nn.Module):
    r"""Cross-entropy with class weights from the classes' frequencies f.

    .. math:: L = -\frac{1}{|V|} \sum_{v \in V} \sum_c w_c\, y_{vc} \log p_{vc}, \quad w_c = 1 / \ln(1.02 + f_c)

    V: the valid voxels of the whole batch, background included. The mean is over voxels, as torch takes it for
    probabilities; torch's loss on class ids divides by the sum of the voxels' weights instead.
    With a soft target y it is smallest at p_c = w_c y_c / sum_k w_k y_k, not at y: weights cost calibration.
    Source: Li et al. 2020 (superpixel paper); the weights are those of ENet (Paszke et al. 2016). Departures: the paper
    writes w_c = 1 / log(1.02 + mean y_c) without saying the mean over what; here f is that of the training part's hard
    labels, so that all batches weigh a class alike.
    """

    weights: torch.Tensor

    def __init__(self, *, frequencies: Sequence[float] | torch.Tensor) -> None:
        """Take the frequency of each class, (C,), in [0, 1]; raises InputError where they are no frequencies."""
        super().__init__()
        shares = torch.as_tensor(frequencies, dtype=torch.float64).cpu()
        if shares.ndim != 1 or not ((shares >= 0) & (shares <= 1)).all() or abs(float(shares.sum()) - 1) > 1e-3:
            raise InputError(
                f"`frequencies` must hold the share of each class, in [0, 1] and summing to 1, but is "
                f"{shares.tolist()}."
            )
        self.register_buffer("weights", (1 / torch.log(OFFSET + shares)).float(), persistent=False)

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the weighted mean over valid voxels, a scalar; NaN if no voxel is valid."""
        classes = logits.shape[1]
        if len(self.weights) != classes:
            raise InputError(f"`frequencies` holds {len(self.weights)} classes, but the network has {classes}.")
        weights = self.weights.view(1, classes, *(1 for _ in logits.shape[2:]))
        per_voxel = -(weights * target.soft * log_probabilities(logits)).sum(dim=1)
        return mean_over_valid(per_voxel, target.valid)
