"""What all losses share: probabilities in float32 or better, and means and sums over the valid voxels of a batch."""

import torch

VERSION = 1


def widened(logits: torch.Tensor) -> torch.Tensor:
    """Return logits in float32 or better."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def log_probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Return log p of logits (B, C, ...), finite for finite logits; half precision becomes float32."""
    return torch.log_softmax(logits, dim=1, dtype=torch.promote_types(logits.dtype, torch.float32))


def probabilities(logits: torch.Tensor) -> torch.Tensor:
    """Return p of logits (B, C, ...), summing to 1 over C; half precision becomes float32."""
    return torch.softmax(logits, dim=1, dtype=torch.promote_types(logits.dtype, torch.float32))


def mean_over_valid(per_voxel: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Return the mean of (B, ...) over the valid voxels of the batch, a scalar; NaN if none is valid.

    Voxels that are not valid are multiplied by 0, so a NaN among them stays one: the network that gave it has diverged,
    its gradient is NaN whatever a loss does, and the run is to stop at this step.
    """
    mask = valid.to(per_voxel.dtype)
    return (per_voxel * mask).sum() / mask.sum()


def sums_over_valid(per_class: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
    """Return the sums of (B, C, ...) over the valid voxels of the batch, (C,); NaN if none is valid."""
    mask = (valid / valid.any()).to(per_class.dtype).unsqueeze(1)  # 0 / 0: NaN where nothing is valid
    return (per_class * mask).sum(dim=[0, *range(2, per_class.ndim)])
