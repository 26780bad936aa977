"""All images of a case beside its label, with one structure in pink."""

import numpy as np
from matplotlib.colors import to_rgb
from softbench.datasets import phantoms
from softbench.figures import channels


def test_every_image_is_shown_bare_beside_the_label() -> None:
    case = phantoms.make("phantom_brain", 0, size="tiny")
    names = ("flair", "t1", "t1ce", "t2")
    figure = channels.draw(case, (3,), names, classes=4, title="T")
    shown = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in shown] == [*names, "label"]
    assert not any(axis.collections for axis in shown)  # no outline


def test_structure_alone_is_pink_and_background_black() -> None:
    painted = channels.paint(np.array([[0, 1, 2, 3]]), (2,), 4)
    np.testing.assert_allclose(painted[0, 2], to_rgb(channels.MARKED))
    assert not painted[0, 0].any()
    for other in (painted[0, 1], painted[0, 3]):
        assert len(set(other)) == 1
    assert painted[0, 1, 0] < painted[0, 3, 0]


def test_data_that_is_not_there_is_named() -> None:
    _, caption = channels.of_panel({"name": "MRBrainS18", "reason": "not run: no data"}, {"title": "T"})
    assert caption == "MRBrainS18: not run: no data."
