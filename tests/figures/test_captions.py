"""What a caption file says first."""

from pathlib import Path

from matplotlib.figure import Figure
from softbench.figures import gallery, pictures, reliability

ABOUT = "Runs that are no results."


def test_what_the_runs_are_opens_the_caption_and_nothing_else_does(tmp_path: Path) -> None:
    pictures.save(Figure(), [tmp_path / "one.txt"], "What is shown.\n", about=ABOUT)
    pictures.save(Figure(), [tmp_path / "other.txt"], "What is shown.")
    assert (tmp_path / "one.txt").read_text() == f"{ABOUT} What is shown.\n"
    assert (tmp_path / "other.txt").read_text() == "What is shown.\n"


def test_figures_that_write_their_own_captions_open_them_so(tmp_path: Path) -> None:
    settings = {"title": "T", "panels": [{"name": "BraTS", "reason": "not run"}], "about": ABOUT}
    for name, write in (("bins", reliability.write), ("soft", gallery.write)):
        paths = [tmp_path / f"{name}{suffix}" for suffix in (".png", ".pdf", ".txt")]
        write(settings, paths)
        assert paths[2].read_text() == f"{ABOUT} BraTS: not run.\n"
