"""A protocol: all settings of a training run except its data, network, loss and seed."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from softbench import length
from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 1
AXES = "DHW"
PLATEAU = "halve_on_plateau"
PRECISIONS = ("auto", "fp32", "bf16")
ALLOWED = {
    "steps": {"type": "integer", "minimum": 1, "description": "how long; this or epochs"},
    "epochs": {"type": "integer", "minimum": 1, "description": "how long; this or steps"},
    "batch": {"type": "integer", "minimum": 1, "description": "images a step"},
    "coarse_batch": {
        "type": "integer",
        "minimum": 1,
        "description": "images a step of methods with a coarser resolution",
    },
    "patch_size": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 2,
        "maxItems": 3,
        "description": "of a training patch, voxels, D H W or H W",
    },
    "optimiser": {"enum": ["adamw", "adam"], "description": "of the weights"},
    "learning_rate": {
        "type": "number",
        "exclusiveMinimum": 0,
        "description": "constant, or the highest of the schedule",
    },
    "weight_decay": {"type": "number", "minimum": 0, "description": "of the optimiser"},
    "eps": {"type": "number", "exclusiveMinimum": 0, "description": "of Adam and AdamW"},
    "schedule": {"enum": ["one_cycle", "constant", "halve_on_plateau"], "description": "of the learning rate"},
    "patience": {"type": "integer", "minimum": 1, "description": "epochs of the plateau rule without a better DSC"},
    "plateau_epoch_steps": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "steps of an epoch of halve_on_plateau; null: those between two validations",
    },
    "select": {
        "enum": ["last", "best", "lowest_loss"],
        "description": "weights that are kept: of the last step, the best validation DSC or the lowest validation loss",
    },
    "evaluation": {
        "enum": ["whole", "random_crop"],
        "description": "validated and scored: a whole case, or `patch_size` voxels of it at one random place",
    },
    "warm_up": {"type": "number", "minimum": 0, "maximum": 1, "description": "share of one_cycle with a rising rate"},
    "clip_norm": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "description": "of the gradient; null: not clipped",
    },
    "flips": {"type": "array", "items": {"enum": ["D", "H", "W"]}, "uniqueItems": True, "description": "axes"},
    "intensity_scale": {"type": "number", "minimum": 0, "description": "+- share, drawn for each channel"},
    "intensity_shift": {
        "type": "number",
        "minimum": 0,
        "description": "+- standard deviations, drawn for each channel",
    },
    "prior_bias": {"type": "boolean", "description": "whether the output bias starts at the log class frequencies"},
    "transposes": {
        "type": "array",
        "items": {
            "type": "array",
            "items": {"enum": ["D", "H", "W"]},
            "minItems": 2,
            "maxItems": 2,
            "uniqueItems": True,
        },
        "description": "pairs of axes that are exchanged",
    },
    "quarter_turns": {
        "type": "array",
        "items": {
            "type": "array",
            "items": {"enum": ["D", "H", "W"]},
            "minItems": 2,
            "maxItems": 2,
            "uniqueItems": True,
        },
        "description": "planes of turns by 90 degrees",
    },
    "batch_turn": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "share of steps whose whole batch has any two axes exchanged and any one mirrored, for the "
        "network alone: its output is turned back",
    },
    "rotate_deg": {"type": "number", "minimum": 0, "maximum": 180, "description": "degrees, at most"},
    "zoom": {
        "type": ["array", "null"],
        "items": {"type": "number", "exclusiveMinimum": 0},
        "minItems": 2,
        "maxItems": 2,
        "description": "lowest and highest factor of size",
    },
    "blur_sigma": {"type": "number", "minimum": 0, "description": "voxels, at most"},
    "validate_every": {"type": ["integer", "null"], "minimum": 1, "description": "steps; null: 100, or an epoch"},
    "inference_patch": {
        "type": ["array", "null"],
        "items": {"type": "integer", "minimum": 1},
        "minItems": 2,
        "maxItems": 3,
        "description": "of sliding-window inference, voxels, D H W or H W; null: the whole image",
    },
    "overlap": {
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 1,
        "description": "of neighbouring windows, a share",
    },
    "tta_flips": {
        "type": "array",
        "items": {"enum": ["D", "H", "W"]},
        "uniqueItems": True,
        "description": "axes along which inference also flips the image; the mean of the logits counts",
    },
    "precision": {
        "constant": "training/protocol.py:PRECISIONS",
        "description": "of activations in training; auto is bf16 on a GPU that has it, else fp32",
    },
    "compile": {"type": "boolean", "description": "by torch.compile"},
    "threads": {"type": "integer", "minimum": 1, "description": "of torch on the CPU"},
}


LATER = {
    "evaluation": "whole",
    "batch_turn": 0.0,
}  # settings that came later: at these values they are no part of a key (`deciding`)


@dataclass(frozen=True)
class Protocol:
    """Settings of a run; the names are those of `protocols` in config, which gives unit and source of each value.

    Either `steps` or `epochs` says how long; an epoch has as many steps as the cases fill batches, the last one whole.
    The epoch of `halve_on_plateau`, after which validation is looked at, is a setting of its own
    (`plateau_epoch_steps`): with few cases an epoch of the first kind is a handful of steps.

    Raises: InputError: for an unknown precision, or a setting of the plateau rule that cannot be or decides nothing.
    """

    batch: int
    patch_size: list[int]
    learning_rate: float
    steps: int | None = None
    epochs: int | None = None
    optimiser: str = "adamw"
    weight_decay: float = 0.0
    eps: float = 1e-8  # of Adam and AdamW
    schedule: str = "one_cycle"
    warm_up: float = 0.15
    patience: int = length.PATIENCE  # epochs without a better DSC at whose end `halve_on_plateau` halves the rate
    plateau_epoch_steps: int | None = None  # steps of such an epoch; None: as many as lie between two validations
    clip_norm: float | None = 1.0
    select: str = "last"
    evaluation: str = "whole"
    flips: list[str] = field(default_factory=list)
    transposes: list[list[str]] = field(default_factory=list)
    quarter_turns: list[list[str]] = field(default_factory=list)
    batch_turn: float = 0.0
    rotate_deg: float = 0.0
    zoom: list[float] | None = None
    blur_sigma: float = 0.0
    intensity_scale: float = 0.0
    intensity_shift: float = 0.0
    prior_bias: bool = True
    validate_every: int | None = None
    inference_patch: list[int] | None = None
    overlap: float = 0.5
    tta_flips: list[str] = field(default_factory=list)
    precision: str = "auto"
    compile: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        """Check what the schema of config cannot: settings against each other."""
        require_one_of("precision", self.precision, PRECISIONS)
        if self.patience < 1:
            raise InputError(f"`patience` must be at least 1 epoch, but is {self.patience}.")
        if self.plateau_epoch_steps is not None:
            self._check_plateau(self.plateau_epoch_steps)

    def _check_plateau(self, epoch: int) -> None:
        """Raise if the plateau rule is not in use, or its epoch does not end with a validation."""
        if self.schedule != PLATEAU:
            raise InputError(
                f"`plateau_epoch_steps` is {epoch}, but the schedule is {self.schedule!r}, which looks at no "
                f"validation. Leave it out, or set `schedule: {PLATEAU}`."
            )
        if epoch < 1 or epoch % (self.validate_every or epoch):
            raise InputError(
                f"`plateau_epoch_steps` must be a multiple of `validate_every`, {self.validate_every}, but is {epoch}: "
                "each epoch of the plateau rule ends with a validation."
            )

    def deciding(self) -> dict[str, Any]:
        """Return the settings as they stand in a key, which runs of before keep where they say nothing new."""
        return {name: value for name, value in asdict(self).items() if name not in LATER or value != LATER[name]}

    def for_cases(self, cases: int) -> "Protocol":
        """Return the protocol in steps, for so many training cases; it validates each epoch unless it says otherwise.

        The epoch is that of the plateau rule where the protocol names one.

        Raises: InputError: if it names neither steps nor epochs, or both, or exchanges axes that it lacks.
        """
        if (self.steps is None) == (self.epochs is None):
            raise InputError(f"a protocol needs either `steps` or `epochs`, but has {self.steps} and {self.epochs}.")
        self._require_axes()
        own = self.validate_every or self.plateau_epoch_steps
        if self.epochs is None:
            return replace(self, validate_every=own or 100)
        steps, epoch = (length.steps_of(epochs, self.batch, cases) for epochs in (self.epochs, 1))
        return replace(self, steps=steps, epochs=None, validate_every=own or epoch)

    def _require_axes(self) -> None:
        """Raise if axes are to be exchanged that a patch does not have."""
        names = AXES[-len(self.patch_size) :]
        for pair in [*self.transposes, *self.quarter_turns]:
            if not set(pair) <= set(names):
                raise InputError(
                    f"axes {', '.join(pair)} are exchanged, but the patch {self.patch_size} has only "
                    f"{', '.join(names)}. Name these alone."
                )
