"""Losses by their expression, called as MONAI calls losses: `loss(input, target)` of batches (B, C, ...)."""

from collections.abc import Sequence
from typing import Any

import torch
from monai.data.meta_tensor import MetaTensor
from torch import nn

from softbench.checks import require_one_of, require_same_shape
from softbench.errors import InputError, in_words
from softbench.losses import Target, build, catalogue, written

VERSION = None  # calls the losses
REDUCTIONS = ("mean", "sum", "none")
OF_LOGITS = ("acls", "mbls", "nacl")  # penalties on logits themselves, which probabilities do not tell
OF_HARD = ("sdc",)  # reads hard labels, besides terms that say so: `ce(hard)`
BACKGROUND = "background"  # the setting of a loss that says whether class 0 counts
SUM = 1e-3  # how far probabilities may be from summing to 1


class SoftLoss(nn.Module):
    """A loss of `softbench.losses`, or a sum of some, with the arguments of MONAI's losses.

    With `reduction="mean"` it is what the trainer of this package computes: sums of Dice-like losses run over the whole
    batch, as with `batch=True` in MONAI, and means over all its voxels.

    Args:
        expression: as `losses.build` takes it: "ce", "ce + dice", "ce(hard) + 0.5*kl", "focal(gamma=3)".
        include_background: False leaves class 0 out of the losses that can do without (`dice`, `jaccard`, `tversky` …);
            others of the sum, such as `ce`, keep it, as in MONAI's DiceCELoss.
        to_onehot_y: whether targets are class ids (B, 1, ...).
        softmax: whether inputs are logits; else they must be probabilities. As in MONAI the default is False.
        reduction: "mean"; "none": one value an image, (B,), each as if it were a batch of its own; "sum": their sum.
        frequencies: the share of each class in the training data, (C,), for losses that weigh classes by it.
    Raises: InputError: if the expression cannot be read, no loss of it can do without the background, or one of it
        needs logits and gets probabilities.

    >>> import torch
    >>> from softbench.for_monai import SoftLoss
    >>> soft = torch.tensor([[[[0.9, 0.4]], [[0.1, 0.6]]]])  # (B, C, H, W): one image of two pixels, two classes
    >>> loss = SoftLoss("ce + dice", softmax=True)
    >>> print(f"{loss(torch.zeros(1, 2, 1, 2), soft):.4f}")
    0.9489
    >>> loss = SoftLoss("dice", include_background=False)
    >>> print(f"{loss(soft, soft):.4f}")  # these are probabilities
    0.0000
    """

    def __init__(
        self,
        expression: str = "ce + dice",
        *,
        include_background: bool = True,
        to_onehot_y: bool = False,
        softmax: bool = False,
        reduction: str = "mean",
        frequencies: Sequence[float] | torch.Tensor | None = None,
    ) -> None:
        """Build the loss; see the class."""
        super().__init__()
        self.reduction = str(getattr(reduction, "value", reduction))  # MONAI's LossReduction, too
        require_one_of("reduction", self.reduction, REDUCTIONS)
        self.expression = expression if include_background else without_background(expression)
        terms = catalogue.terms(self.expression)
        of_logits = [term.name for term in terms if term.name in OF_LOGITS]
        if of_logits and not softmax:
            raise InputError(f"{in_words(of_logits)} needs logits: give `softmax=True` and no softmax before the loss.")
        self.needs_hard = any(term.target == "hard" or term.name in OF_HARD for term in terms)
        self.to_onehot_y, self.softmax = to_onehot_y, softmax
        self.loss = build(self.expression, frequencies=frequencies)

    def forward(
        self,
        input: torch.Tensor,
        target: torch.Tensor,
        hard: torch.Tensor | None = None,
        valid: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the loss of a batch, in float32 or better.

        Args:
            input: (B, C, ...), logits with `softmax=True`, else probabilities; C is at least 2.
            target: (B, C, ...) float, soft or one-hot; with `to_onehot_y` (B, 1, ...) class ids.
            hard: (B, 1, ...) class ids, for losses that read hard labels besides; with `to_onehot_y` the target.
            valid: (B, 1, ...), where not 0 a voxel counts; None: all do.
        Returns: a scalar, or (B,) with `reduction="none"`.
        Raises: InputError: if shapes do not fit, probabilities are none, or hard labels are missing.
        """
        logits, given = self._logits(_plain(input)), self._target(_plain(input), _plain(target), hard, valid)
        if self.reduction == "mean":
            total: torch.Tensor = self.loss(logits, given)
            return total
        pairs = (Target(*(part[n : n + 1] for part in given)) for n in range(len(logits)))
        values = torch.stack([self.loss(logits[n : n + 1], one) for n, one in enumerate(pairs)])
        return values if self.reduction == "none" else values.sum()

    def _logits(self, values: torch.Tensor) -> torch.Tensor:
        if values.ndim not in (4, 5) or values.shape[1] < 2:
            raise InputError(
                f"`input` must be (B, C, H, W) or (B, C, D, H, W) with two classes or more, background included, but "
                f"its shape is {tuple(values.shape)}. A network with one output needs a second channel."
            )
        if self.softmax:
            return values
        wide = values.to(torch.promote_types(values.dtype, torch.float32))
        low, off = float(wide.detach().min()), float((wide.detach().sum(dim=1) - 1).abs().max())
        if not (low >= 0 and off <= SUM):  # NaN fails, too
            raise InputError(
                f"with `softmax=False`, `input` must be probabilities, but its least value is {low:.3g} and its sum "
                f"over classes is off by up to {off:.3g}. If these are logits: `softmax=True`."
            )
        return wide.clamp_min(torch.finfo(wide.dtype).tiny).log()

    def _target(
        self, logits: torch.Tensor, target: torch.Tensor, hard: torch.Tensor | None, valid: torch.Tensor | None
    ) -> Target:
        one = (len(logits), 1, *logits.shape[2:])
        require_same_shape("target", target.shape, "input", one if self.to_onehot_y else logits.shape)
        if self.to_onehot_y:
            hard = target if hard is None else hard
            target = _one_hot(target[:, 0].long(), logits.shape[1])
        if hard is None and self.needs_hard:
            raise InputError(
                f"the loss {self.expression!r} reads hard labels: call it with `hard`, (B, 1, ...) class ids."
            )
        soft = target.to(torch.promote_types(target.dtype, torch.float32))
        empty = torch.zeros((), dtype=torch.long, device=logits.device).expand(len(logits), *logits.shape[2:])
        ids = empty if hard is None else _plain(hard)[:, 0].long()
        every = torch.ones((), dtype=torch.bool, device=logits.device).expand(ids.shape)
        counted = every if valid is None else _plain(valid)[:, 0] != 0
        for name, part in (("hard", ids), ("valid", counted)):
            require_same_shape(name, part.shape, "input without classes", empty.shape)
        return Target(soft, ids, counted)


def without_background(expression: str) -> str:
    """Return an expression whose losses leave class 0 out, where they can.

    Raises: InputError: if none can.
    """
    able = [name for name, settings in written.settings(expression).items() if BACKGROUND in settings]
    if not able:
        every = sorted(name for name, loss in catalogue.known().items() if BACKGROUND in loss.settings)
        raise InputError(f"no loss of {expression!r} can leave the background out; {in_words(every)} can.")
    for name in able:
        expression = written.with_setting(expression, name, BACKGROUND, False)
    return expression


def _one_hot(ids: torch.Tensor, classes: int) -> torch.Tensor:
    if not (int(ids.min()) >= 0 and int(ids.max()) < classes):
        raise InputError(
            f"`target` must hold class ids 0 to {classes - 1}, but spans {int(ids.min())} to {int(ids.max())}."
        )
    return nn.functional.one_hot(ids, classes).movedim(-1, 1).float()


def _plain(tensor: Any) -> torch.Tensor:
    """Return a tensor without metadata, whose arithmetic is several times as fast."""
    return tensor.as_tensor() if isinstance(tensor, MetaTensor) else tensor
