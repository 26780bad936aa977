"""The picture of soft labels shows the most telling slice, and the quality table what is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench.datasets import phantoms
from softbench.figures import gallery, pictures
from softbench.soft_labels.reader import compute
from softbench.tables import forms
from softbench.tables.views import soft_label_quality


def test_slice_with_most_classes_is_shown() -> None:
    labels = np.zeros((4, 30, 30), np.uint8)
    labels[1, 10:20, 10:20] = 1
    labels[2, 12:15, 12:15] = 1
    labels[2, 13, 13] = 2
    assert gallery.choose_window(labels) == (2, slice(4, 23), slice(4, 23))


def test_plane_without_structures_is_shown_whole() -> None:
    assert gallery.choose_window(np.zeros((5, 6), np.uint8)) == (slice(0, 13), slice(0, 14))


def test_case_with_every_class_is_chosen() -> None:
    cases = pd.DataFrame({"case": ["a", "b"], "voxels": [[9, 0, 1], [5, 2, 3]]})
    assert gallery.choose_case(cases) == "b"
    assert gallery.choose_case(cases[:1]) == "a"


CLASSES = ("background", "MUS", "IMAT", "SAT", "VAT", "MSC")
LONG = "A soft label with a title that is longer than one line beside its pictures"


def drawn(*names: str, long: bool = False):
    case = phantoms.make("phantom_body", 0, size="tiny")
    softs = {LONG if long else name: compute(name, case, 6, {}) for name in names}
    return gallery.draw(case, softs, CLASSES, title="Soft labels")


def test_same_soft_labels_give_the_same_picture(tmp_path: Path) -> None:
    for name in ("a", "b"):
        paths = [tmp_path / f"{name}.{form}" for form in ("png", "pdf")]
        pictures.save(drawn("one_hot", "svls"), paths, gallery.CAPTION)
    for form, start in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()
        assert (tmp_path / f"a.{form}").read_bytes().startswith(start)


def test_image_and_label_stand_once_above_the_soft_labels() -> None:
    figure = drawn("one_hot", "svls")
    heads = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert heads == ["image", "label", *CLASSES, "moved mass"]
    assert sum(len(axis.images) for axis in figure.axes) == 2 + 2 * (6 + 1)


@pytest.mark.parametrize("long", [False, True])
def test_names_are_whole_on_the_sheet_and_touch_no_picture(*, long: bool) -> None:
    figure = drawn("svls", long=long)
    with pictures.style():
        figure.canvas.draw()
    names = [text for axis in figure.axes for text in axis.texts]
    assert " ".join(names[0].get_text().split()) == (LONG if long else "svls")
    box = names[0].get_window_extent()
    pictured = [axis.get_window_extent() for axis in figure.axes if axis.images]
    assert box.x0 >= 0
    assert box.height <= pictured[2].height * 2.5
    assert all(box.x1 <= other.x0 or box.y1 <= other.y0 or other.y1 <= box.y0 for other in pictured)


def test_soft_label_on_a_coarser_grid_is_named_and_not_drawn() -> None:
    case = phantoms.make("phantom_body", 0, size="tiny")
    softs = {"One-hot": compute("one_hot", case, 6, {}), "EPD (1/2)": compute("epd", case, 6, {"factor": 2})}
    figure = gallery.draw(case, softs, CLASSES, title="T")
    assert [text.get_text() for axis in figure.axes for text in axis.texts] == ["One-hot"]
    assert figure.get_supxlabel() == "On a coarser grid, not shown: EPD (1/2)."


def test_quality_table_has_a_row_a_soft_label_and_only_what_is_known(tmp_path: Path) -> None:
    for name, entropy in (("one_hot", 0.0), ("ls", 0.4)):
        (tmp_path / name).mkdir()
        frame = pd.DataFrame({"case": ["a", "b"], "entropy": [entropy, entropy + 0.2], "kl": [np.nan, np.nan]})
        frame.to_parquet(tmp_path / name / "quality.parquet")
    table = soft_label_quality.summarise({name: tmp_path / name for name in ("one_hot", "ls")})
    assert list(table.columns) == ["entropy"]
    assert table["entropy"].tolist() == [0.1, 0.5]
    for suffix in ("csv", "md", "html"):
        forms.write(soft_label_quality.sheet(table, "Soft labels of x"), tmp_path / f"q.{suffix}")
    assert "| ls | 0.5000 |" in (tmp_path / "q.md").read_text()
    assert "<td>0.1000</td>" in (tmp_path / "q.html").read_text()


def test_quality_table_counts_superpixels_found_and_cases_far_off(tmp_path: Path) -> None:
    for name, found in (("ls", None), ("superpixel", [200, 450, 520])):
        (tmp_path / name).mkdir()
        frame = pd.DataFrame({"case": ["a", "b", "c"], "entropy": [0.1, 0.1, 0.1]})
        if found:
            off = {"superpixels_asked": 500, "superpixels_off": [1, 0, 0], "cut_share": [0.2, 0.3, 0.4]}
            frame = frame.assign(superpixels_found=found, **off)
        frame.to_parquet(tmp_path / name / "quality.parquet")
    table = soft_label_quality.summarise({name: tmp_path / name for name in ("ls", "superpixel")})
    for suffix in ("csv", "md", "html"):
        forms.write(soft_label_quality.sheet(table, "Soft labels of x"), tmp_path / f"q.{suffix}")
    text = (tmp_path / "q.md").read_text()
    assert "| superpixel | 0.1000 | 500 | 450 (200 to 520) | 0.300 |" in text
    assert "| ls | 0.1000 | – | – | – |" in text
    assert ": superpixel 1 of 3." in text
    assert ": superpixel 1 of 3." in (tmp_path / "q.html").read_text()
    kept = pd.read_csv(tmp_path / "q.csv", index_col=0).loc["superpixel"]
    assert kept[["superpixels_found", "superpixels_fewest", "superpixels_most"]].tolist() == [450, 200, 520]
    assert kept[["superpixels_off", "superpixels_cases"]].tolist() == [1, 3]
