"""Losses of nnU-Net's networks against soft targets; for one-hot targets they have the values of nnU-Net's own.

nnU-Net hands a loss logits (B, C, ...) and what its data loader gave. That is one of: (B, 1, ...) int, class ids;
(B, 1 + K, ...) float, class ids and then the K channels of a stored target (`targets`); (B, R, ...) bool, regions and,
last, whether the voxel is to be ignored: validation of region-based training.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn

from softbench import losses
from softbench.errors import InputError
from softbench.losses import catalogue

VERSION = 1
AS_NNUNET = "nnunet"
SMOOTH = 1e-5  # nnU-Net's


@dataclass(frozen=True)
class Labels:
    """The labels of a data set: classes C, the id to ignore, and the regions of region-based training, each its ids."""

    classes: int
    ignored: int | None = None
    regions: tuple[tuple[int, ...], ...] | None = None


class Read(NamedTuple):
    """What a loss compares with: soft (B, C, ...), or (B, R, ...) of regions; hard ids (B, ...) or None; valid
    (B, 1, ...) bool or None, where all voxels are."""

    soft: torch.Tensor
    hard: torch.Tensor | None
    valid: torch.Tensor | None


class SoftTargetLoss(nn.Module):
    """Reads the target of a batch, and compares.

    While training (`loss.train()`) class ids become the soft label of their class; in validation (`loss.eval()`) they
    are one-hot, so that the loss of validation is that against the label map, whatever the recipe.

    Args:
        labels: of the data set.
        compare: `compare(logits, Read) -> scalar`.
        table: (C, C), the soft label of each class, of a recipe of each voxel; None: one-hot.
    """

    def __init__(self, labels: Labels, compare: nn.Module, table: torch.Tensor | None = None) -> None:
        """Keep what targets are read with; see the class."""
        super().__init__()
        self.labels, self.compare = labels, compare
        self.register_buffer("of_class", torch.eye(labels.classes) if table is None else table, persistent=False)
        self.register_buffer("one_hot", torch.eye(labels.classes), persistent=False)

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch, a scalar; 0 where every voxel is to be ignored."""
        read = self.read(target)
        if read.valid is not None and not bool(read.valid.any()):
            return logits.sum() * 0
        value: torch.Tensor = self.compare(logits, read)
        return value

    @torch.no_grad()
    def read(self, target: torch.Tensor) -> Read:
        """Return the target of a batch as losses take it."""
        if target.dtype == torch.bool:
            ignored = self.labels.ignored is not None
            regions = (target[:, :-1] if ignored else target).float()
            return Read(regions, None, ~target[:, -1:] if ignored else None)
        ids = target[:, :1].long()
        valid = None if self.labels.ignored is None else ids != self.labels.ignored
        hard = ids if valid is None else torch.where(valid, ids, 0)
        soft = self._of_ids(hard) if target.shape[1] == 1 else self._of_channels(target[:, 1:])
        return Read(self._in_regions(soft), hard[:, 0], valid)

    def _of_ids(self, ids: torch.Tensor) -> torch.Tensor:
        table = self.of_class if self.training else self.one_hot
        assert isinstance(table, torch.Tensor)
        return table.to(ids.device)[ids[:, 0]].movedim(-1, 1)

    def _of_channels(self, channels: torch.Tensor) -> torch.Tensor:
        if channels.shape[1] == self.labels.classes:  # classes do not sum to 1: the first channel is 1 - background
            return torch.cat([1 - channels[:, :1], channels[:, 1:]], dim=1)
        return torch.cat([(1 - channels.sum(dim=1, keepdim=True)).clamp_min(0), channels], dim=1)

    def _in_regions(self, soft: torch.Tensor) -> torch.Tensor:
        if self.labels.regions is None:
            return soft
        return torch.stack([soft[:, list(ids)].sum(dim=1) for ids in self.labels.regions], dim=1)


class SemimetricDice(nn.Module):
    r"""nnU-Net's Dice loss, smallest where the probabilities p are the soft target q.

    .. math:: L = -\frac{1}{C} \sum_c \frac{2 \sum_v \min(p_{vc}, q_{vc}) + s}{\sum_v p_{vc} + \sum_v q_{vc} + s}

    For q of 0 and 1, min(p, q) = p q, and this is nnU-Net's MemoryEfficientSoftDiceLoss, value and gradient. Its first
    part is Wang et al. 2023's DML1, for p + q - |p - q| = 2 min(p, q).

    Args:
        activation: gives probabilities of logits.
        batch: whether sums run over all images of a batch, as the plans say, else over each.
        background: whether class 0 counts.
        ddp: whether the batch is spread over several GPUs, whose sums are gathered.
    """

    def __init__(self, activation: Any, *, batch: bool, background: bool, ddp: bool = False) -> None:
        """Keep how it is computed; see the class."""
        super().__init__()
        self.activation, self.batch, self.first, self.ddp = activation, batch, 0 if background else 1, ddp

    def forward(self, logits: torch.Tensor, soft: torch.Tensor, valid: torch.Tensor | None = None) -> torch.Tensor:
        """Return the loss, a scalar.

        Args:
            logits, soft: (B, C, ...).
            valid: (B, 1, ...) bool; None: all voxels count.
        """
        p, q = self.activation(logits)[:, self.first :], soft[:, self.first :]
        axes = tuple(range(2, p.ndim))
        terms = [torch.minimum(p, q), p, q]
        if valid is not None:
            terms = [term * valid for term in terms]
        overlap, of_p, of_q = (term.sum(axes, dtype=torch.float32) for term in terms)
        if self.batch:
            overlap, of_p, of_q = (self._over_batch(term) for term in (overlap, of_p, of_q))
        return -((2 * overlap + SMOOTH) / (of_q + of_p + SMOOTH).clamp_min(1e-8)).mean()

    def _over_batch(self, sums: torch.Tensor) -> torch.Tensor:
        if self.ddp:
            from nnunetv2.utilities.ddp_allgather import AllGatherGrad

            sums = AllGatherGrad.apply(sums).sum(0, dtype=torch.float32)
        return sums.sum(0, dtype=torch.float32)


class AsNnunet(nn.Module):
    """Cross-entropy with soft targets plus the semimetric Dice, summed as nnU-Net sums its own two; no background in
    the Dice."""

    def __init__(self, *, batch: bool, ddp: bool = False) -> None:
        """Take whether the Dice sums over a batch, and whether that is spread over several GPUs."""
        super().__init__()
        self.dice = SemimetricDice(_softmax, batch=batch, background=False, ddp=ddp)

    def forward(self, logits: torch.Tensor, read: Read) -> torch.Tensor:
        """Return the sum, a scalar: means over the valid voxels of the batch, and over the structures."""
        if read.valid is None:
            entropy = nn.functional.cross_entropy(logits, read.soft)
        else:
            each = nn.functional.cross_entropy(logits, read.soft, reduction="none")
            entropy = (each * read.valid[:, 0]).sum() / read.valid.sum()
        dice: torch.Tensor = self.dice(logits, read.soft, read.valid)
        return entropy + dice


class AsNnunetOfRegions(nn.Module):
    """Binary cross-entropy of each region plus the semimetric Dice of all, as nnU-Net trains regions (sigmoid).

    Where voxels are ignored, nnU-Net sums the cross-entropy over regions and takes no mean; so does this.
    """

    def __init__(self, *, batch: bool, ddp: bool = False) -> None:
        """Take whether the Dice sums over a batch, and whether that is spread over several GPUs."""
        super().__init__()
        self.dice = SemimetricDice(torch.sigmoid, batch=batch, background=True, ddp=ddp)

    def forward(self, logits: torch.Tensor, read: Read) -> torch.Tensor:
        """Return the sum, a scalar."""
        entropy = nn.functional.binary_cross_entropy_with_logits
        if read.valid is None:
            of_regions = entropy(logits, read.soft)
        else:
            of_regions = (entropy(logits, read.soft, reduction="none") * read.valid).sum() / read.valid.sum()
        dice: torch.Tensor = self.dice(logits, read.soft, read.valid)
        return of_regions + dice


class OfSuite(nn.Module):
    """A loss of `softbench.losses` by its expression, as this package's own trainer computes it."""

    def __init__(self, expression: str) -> None:
        """Build the loss; see `require_loss` for those that cannot be built."""
        super().__init__()
        self.loss = losses.build(expression)

    def forward(self, logits: torch.Tensor, read: Read) -> torch.Tensor:
        """Return the loss, a scalar."""
        assert read.hard is not None, "regions have no loss of the suite"
        every = torch.ones((), dtype=torch.bool, device=logits.device).expand(read.hard.shape)
        valid = every if read.valid is None else read.valid[:, 0]
        value: torch.Tensor = self.loss(logits, losses.Target(read.soft, read.hard, valid))
        return value


def require_loss(expression: str, *, regions: bool) -> None:
    """Raise `InputError` if nnU-Net cannot be trained with a loss: before any training, and with the reason."""
    if expression == AS_NNUNET:
        return
    if regions:
        raise InputError(
            f"--loss {expression!r}: this data set trains regions, which overlap, and the losses of this package are "
            f"of classes that do not. Leave --loss out: it is then {AS_NNUNET!r}, binary cross-entropy and Dice."
        )
    terms = catalogue.read(expression)
    if any(term.name == catalogue.LEARNED for term in terms):
        raise InputError(
            f"--loss {expression!r} learns weights of its own, and nnU-Net's optimiser the network's alone."
        )
    if catalogue.needs_frequencies(expression):
        raise InputError(
            f"--loss {expression!r} weighs classes by their frequency, which nnU-Net does not count. Choose another."
        )


def build(
    expression: str, labels: Labels, *, batch_dice: bool, ddp: bool, table: Sequence[Sequence[float]] | None
) -> SoftTargetLoss:
    """Return the loss of a trainer.

    Args:
        expression: "nnunet", or as `losses.build` takes it.
        labels: of the data set.
        batch_dice: as the plans say; for "nnunet" alone.
        ddp: whether training runs on several GPUs.
        table: see `SoftTargetLoss`.
    Raises: InputError: as `require_loss`.
    """
    require_loss(expression, regions=labels.regions is not None)
    if expression != AS_NNUNET:
        compare: nn.Module = OfSuite(expression)
    elif labels.regions is not None:
        compare = AsNnunetOfRegions(batch=batch_dice, ddp=ddp)
    else:
        compare = AsNnunet(batch=batch_dice, ddp=ddp)
    return SoftTargetLoss(labels, compare, None if table is None else torch.as_tensor(table, dtype=torch.float32))


def _softmax(logits: torch.Tensor) -> torch.Tensor:
    return torch.softmax(logits, dim=1)
