"""A protocol: all that decides a training run besides its data, network, loss and seed."""

from dataclasses import dataclass, field, replace

from softbench.errors import InputError

AXES = "DHW"


@dataclass(frozen=True)
class Protocol:
    """Settings of a run; the names are those of `protocols` in config, which gives unit and source of each value.

    Either `steps` or `epochs` says how long; an epoch has as many steps as the cases fill batches, the last one whole.
    """

    batch: int
    crop: list[int]
    learning_rate: float
    steps: int | None = None
    epochs: int | None = None
    optimiser: str = "adamw"
    weight_decay: float = 0.0
    eps: float = 1e-8  # of Adam and AdamW
    schedule: str = "one_cycle"
    warm_up: float = 0.15
    patience: int = 20  # validations without a better DSC before `halve_on_plateau` halves the rate
    clip_norm: float | None = 1.0
    select: str = "last"
    flips: list[str] = field(default_factory=list)
    transposes: list[list[str]] = field(default_factory=list)
    quarter_turns: list[list[str]] = field(default_factory=list)
    rotate_deg: float = 0.0
    zoom: list[float] | None = None
    blur_sigma: float = 0.0
    intensity_scale: float = 0.0
    intensity_shift: float = 0.0
    prior_bias: bool = True
    validate_every: int | None = None
    window: list[int] | None = None
    overlap: float = 0.5
    mirrored: list[str] = field(default_factory=list)
    precision: str = "auto"
    compile: bool = False
    threads: int = 1

    def for_cases(self, cases: int) -> "Protocol":
        """Return the protocol in steps, for so many training cases; it validates each epoch unless it says otherwise.

        Raises: InputError: if it names neither steps nor epochs, or both, or an axis turn needs equal lengths.
        """
        if (self.steps is None) == (self.epochs is None):
            raise InputError(f"a protocol needs either `steps` or `epochs`, but has {self.steps} and {self.epochs}.")
        self._require_square()
        epoch = -(-cases // self.batch)
        if self.epochs is None:
            return replace(self, validate_every=self.validate_every or 100)
        return replace(self, steps=self.epochs * epoch, epochs=None, validate_every=self.validate_every or epoch)

    def _require_square(self) -> None:
        """Raise if axes are to be exchanged that have different lengths in a crop."""
        names = AXES[-len(self.crop) :]
        length = dict(zip(names, self.crop, strict=True))
        for pair in [*self.transposes, *self.quarter_turns]:
            if len({length.get(axis) for axis in pair}) != 1:
                raise InputError(
                    f"axes {', '.join(pair)} are exchanged, but the crop {self.crop} has other lengths there. "
                    "Make the crop square in this plane, or leave the plane out."
                )
