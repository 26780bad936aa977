"""The output of SoftSeg: rectified logits, divided by the largest of the image, in place of the softmax."""

import torch
from torch import nn

VERSION = 1
LEAST = 1e-6  # probability that every class keeps, so that its logarithm is finite


class NormReLU(nn.Module):
    """A network whose logits are logarithms of norm-ReLU probabilities, so that their softmax is these probabilities.

    So losses, inference and temperatures need not know of it. It has no `head`: a bias at the log prior, which is below
    0 for rare classes, would leave them rectified away.
    """

    head = None

    def __init__(self, network: nn.Module) -> None:
        """Take a network with `multiple`, of two classes or more."""
        super().__init__()
        self.network, self.multiple = network, network.multiple

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, ...) to logarithms of probabilities (B, C, ...), in float32 or better."""
        return norm_relu(self.network(images)).log()


def norm_relu(logits: torch.Tensor) -> torch.Tensor:
    r"""Return probabilities (B, C, ...) of logits (B, C, ...), summing to 1 over C, each at least 1e-6 / (1 + C 1e-6).

    .. math:: r_{vc} = \frac{\max(0, z_{vc})}{\max_{v, k} \max(0, z_{vk})}, \quad c \ge 1, \qquad
        r_{v0} = \max\Big(0, 1 - \sum_{c \ge 1} r_{vc}\Big), \qquad p_{vc} = \frac{r_{vc}}{\sum_k r_{vk}}

    The maximum is over all voxels and foreground classes of one image. With one foreground class this is SoftSeg's
    norm-ReLU and its complement. The logit of class 0 decides nothing. All is background where no logit of the
    foreground is above 0; else some voxel of each image has a foreground probability of 1, whatever the image shows.

    Source: Gros et al. 2021 (SoftSeg), of one class. Departures: several classes; the maximum of an image, where the
        authors' code takes that of the batch; every class keeps 1e-6.
    """
    foreground = torch.relu(logits[:, 1:].to(torch.promote_types(logits.dtype, torch.float32)))
    largest = foreground.amax(dim=tuple(range(1, foreground.ndim)), keepdim=True)
    shares = foreground / largest.clamp_min(torch.finfo(foreground.dtype).tiny)
    background = (1 - shares.sum(dim=1, keepdim=True)).clamp_min(0)
    together = torch.cat([background, shares], dim=1)
    return (together / together.sum(dim=1, keepdim=True) + LEAST) / (1 + logits.shape[1] * LEAST)
