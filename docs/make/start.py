"""The picture at the start of README.md: soft labels of one slice of a phantom. `python -m make.start` draws it."""

import numpy as np
from matplotlib.figure import Figure
from softbench.figures import gallery, pictures
from softbench.jobs import pieces

from make.markdown import DOCS
from make.site.pictures import PHANTOM, show

PATH = DOCS / "pictures" / "start.png"
STRUCTURE = 2  # the tumour, of the phantom of a kidney
SHOWN = {"ls": "LS", "blur": "Blur", "svls": "SVLS", "geols": "GeoLS", "superpixel": "Superpixel"}
INCHES, DPI = 1.35, 150


def draw() -> Figure:
    """Return image and label, and beside them the probability of the tumour by each soft label."""
    case = show("one_hot").case
    window = gallery.choose_window(case.labels[0])
    panels = {"Image": case.images[0], "One-hot label": (case.labels[0] == STRUCTURE).astype(np.float32)}
    panels |= {title: show(name).soft[STRUCTURE] for name, title in SHOWN.items()}
    with pictures.style():
        figure = Figure(figsize=(INCHES * len(panels), INCHES), layout="constrained")
        for axis, (title, values) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
            how = {"cmap": "gray"} if title == "Image" else {"cmap": "cividis", "vmin": 0, "vmax": 1}
            pictures.show(axis, values[window], case.spacing_mm, **how)
            axis.set_title(title, fontsize=8)
        return figure


def write() -> None:
    """Draw into docs/pictures."""
    pieces.write_file(PATH, lambda part: draw().savefig(part, format="png", dpi=DPI, metadata={"Software": PHANTOM}))


if __name__ == "__main__":
    write()
