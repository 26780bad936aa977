"""How config is read: YAML with the place of each value, files in layers, `like` and `sweep`."""

from softbench.plan.config.check import check
from softbench.plan.config.nodes import Place, Places
from softbench.plan.config.read import Config, read

__all__ = ["Config", "Place", "Places", "check", "read"]
