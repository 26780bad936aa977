"""docs/api.md is made from the docstrings of what is public."""

import re

import numpy as np
import softbench
from make import api
from make.markdown import DOCS

PAGE = DOCS / "api.md"
DOCSTRING = r"""Mix two things.

.. math:: y = a +
    b

with :math:`a` above 0.

Args:
    first: one thing, which
        is long.
    second: not used.
Returns: the mix.
Raises: InputError: if there
    is none.

>>> 1 + 1
2
"""


def test_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == api.page(), "stale: `make docs`"


def test_every_public_name_has_a_heading() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for package in ("figures", "for_monai", "losses", "metrics", "results", "soft_labels", "statistics"):
        for name in getattr(softbench, package).__all__:
            assert f"\n### {package}.{name}\n" in page
    for recipe in softbench.soft_labels.names():
        assert f"\n#### soft_labels.{recipe}.soften\n" in page


def test_docstring_becomes_markdown() -> None:
    assert api._text(DOCSTRING) == (
        "Mix two things.\n\n$$y = a + b$$\n\nwith $a$ above 0.\n\n- `first`: one thing, which is long.\n"
        "- `second`: not used.\n\n*Returns*: the mix.\n\n*Raises*: InputError: if there is none."
    )
    assert "second" not in api._text(DOCSTRING, {"second": "not used."})
    assert list(api._shown(DOCSTRING)) == ["```pycon\n>>> 1 + 1\n2\n```\n"]


def test_code_of_the_page_runs(monkeypatch, tmp_path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    code = next(code for code in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S) if "import softbench" in code)
    monkeypatch.chdir(tmp_path)
    labels = np.zeros((6, 8, 8), np.uint8)
    labels[2:4, 2:6, 2:6] = 1
    labels[2:4, 3:5, 3:5] = 2
    given = {"labels": labels, "spacing_mm": (2.0, 1.0, 1.0)}
    given["probabilities"] = softbench.soft_labels.ls.soften(labels[None], None, given["spacing_mm"], classes=3)
    exec(code, given)
    assert (tmp_path / "reliability.png").exists()
    assert given["soft"].shape == (3, 6, 8, 8)
    assert set(given["scores"]["structure"]) == {"tumour", "all"}
