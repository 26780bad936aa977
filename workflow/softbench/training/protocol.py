"""A protocol: all that decides a training run besides its data, network, loss and seed."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Protocol:
    """Settings of a run; the names are those of `protocols` in config, which gives unit and source of each value."""

    steps: int
    batch: int
    crop: list[int]
    learning_rate: float
    optimiser: str = "adamw"
    weight_decay: float = 0.0
    schedule: str = "one_cycle"
    warm_up: float = 0.15
    clip_norm: float = 1.0
    flips: list[str] = field(default_factory=list)
    intensity_scale: float = 0.0
    intensity_shift: float = 0.0
    prior_bias: bool = True
    validate_every: int = 100
    threads: int = 1
