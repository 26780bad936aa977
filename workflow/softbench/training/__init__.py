"""How are weights found: the data in memory, the draws, the loop, and what is read from trained weights."""

# `temperature` is a function here; `from softbench.training.temperature import …` finds the module.
from softbench.training.inference import predict
from softbench.training.loop import train
from softbench.training.temperature import temperature

__all__ = ["predict", "temperature", "train"]
