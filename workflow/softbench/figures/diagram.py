"""One reliability diagram, for code of one's own."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from softbench.figures import reliability
from softbench.metrics.calibration import Reliability

VERSION = 1


def reliability_diagram(
    bins: Reliability | Mapping[str, Reliability], *, title: str = "Reliability", region: str = "voxels"
) -> Figure:
    """Draw how often predictions are right against how sure they are, with the histogram of confidence below.

    Args:
        bins: what `metrics.reliability` returned, of several cases after `merge`; or several of them by name, which
            stand side by side.
        title: of the figure.
        region: what its voxels are called beside the axis, e.g. "foreground".
    Returns: a figure of matplotlib, of about 3 inches; `figure.savefig("reliability.png", dpi=300)` writes it. A bin
        without voxels is not drawn, since its accuracy is unknown; the number is the ECE of the bins.
    Raises: InputError: if there is nothing to draw. ModuleNotFoundError: without matplotlib and seaborn, which
        `pip install 'softlabelbench[figures]'` installs.
    Source: Guo et al. 2017. Departures: the gap to the diagonal is filled by its sign.

    >>> import numpy as np
    >>> import softbench
    >>> labels = np.zeros((16, 16), np.uint8)
    >>> labels[4:12, 4:12] = 1
    >>> probabilities = softbench.soft_labels.svls.soften(labels[None], None, (1.0, 1.0), classes=2)
    >>> bins = softbench.metrics.reliability(probabilities, labels)
    >>> figure = softbench.figures.reliability_diagram(bins)
    >>> [axis.get_xlabel() for axis in figure.axes]
    ['', 'confidence']
    """
    named = {"": bins} if isinstance(bins, Reliability) else bins
    statistics = {(name, 0, "all"): of_name for name, of_name in named.items()}
    methods = [{"key": name, "title": name} for name in named]
    return reliability.draw(statistics, title=title, methods=methods, rows={"all": region})
