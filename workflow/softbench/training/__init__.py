"""How are weights found: the data in memory, the draws, the loop, and what is read from trained weights."""

from softbench.training.inference import predict
from softbench.training.loop import train

__all__ = ["predict", "train"]
