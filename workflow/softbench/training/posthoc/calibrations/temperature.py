"""Temperature scaling: the logits of all classes and voxels divided by one number."""

import torch

from softbench.training.posthoc.seen import Calibration, Validation

VERSION = 1


def fit(validation: Validation) -> Calibration:
    r"""Return :math:`\mathrm{softmax}(z / T)` at the T of `training.temperature_scaling`.

    Source: Guo et al. 2017. Departures: as there.
    """
    fitted = validation.temperature
    return Calibration(lambda logits, _: torch.softmax(logits / fitted.temperature, dim=0), fitted.facts())
