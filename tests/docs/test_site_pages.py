"""The site has every page of docs/, a page a soft label and a package of the API, and working links among them."""

import inspect
from collections import Counter

import pytest
import softbench
from make.docstrings import google
from make.markdown import DOCS
from make.site import losses, methods, navigation, pages, pictures, reference, rewrite, sections, tutorials
from make.site.sources import Sources
from softbench import soft_labels
from softbench.losses import catalogue

METHODS = (DOCS / "methods.md").read_text(encoding="utf-8")


def test_navigation_has_every_page_once() -> None:
    every = pages.every(pages.collect())
    assert Counter(navigation.pages(navigation.expanded(navigation.read(), every))) == Counter(every.keys())


def test_every_recipe_has_one_page() -> None:
    found = [name for section in methods.described(METHODS).values() for name in methods.recipes(section)]
    assert sorted(found) == soft_labels.names()


def test_page_of_a_method_has_picture_equation_settings_and_text() -> None:
    page = methods.page(methods.described(METHODS)["methods/svls.md"])
    assert page.startswith("# svls: spatially varying label smoothing\n\n![")
    assert r"$$y_c = \frac{(G * t_c) + (s - G_0)\, t_c}{2 s}, \qquad s = 1 - G_0$$" in page
    assert "| `sigma` | `1.0` | of the Gaussian, in voxels |" in page
    assert "Islam & Glocker 2021" in page


def test_overview_and_pages_hold_all_of_the_text() -> None:
    shown = methods.overview(METHODS) + "".join(
        section.heading + section.body for section in methods.described(METHODS).values()
    )
    assert [line for line in METHODS.splitlines() if line.removeprefix("## ") not in shown] == []


def test_every_loss_with_an_equation_shows_it() -> None:
    page = losses.page((DOCS / "losses.md").read_text(encoding="utf-8"))
    headings = [section.heading for section in sections.cut(page)[1]]
    assert set(catalogue.names()) <= {heading.removesuffix("(...)") for heading in headings}
    for name in catalogue.known():
        assert all(equation in page for equation in losses.stated(name))
    assert losses.stated("mbls")


def test_every_public_name_is_on_a_page_of_the_api() -> None:
    for package in reference.packages():
        page = reference.page(package)
        for name in getattr(softbench, package).__all__:
            assert f"::: softbench.{package}.{name}\n" in page
    assert "::: softbench.soft_labels.svls.soften\n" in reference.page("soft_labels")
    assert "::: softbench.load\n" in reference.overview("# Python API\n")


@pytest.mark.parametrize("name", ["svls", "moh", "epd", "shuffled", "slsr"])
def test_soft_label_of_a_picture_lies_on_its_case(name: str) -> None:
    shown = pictures.show(name)
    assert shown.soft.shape[1:] == shown.case.labels.shape[1:]
    assert 0 <= shown.soft.min() <= shown.soft.max() <= 1


def test_coarser_case_has_the_means_of_windows() -> None:
    fine, coarse = pictures.phantoms.make(pictures.PHANTOM, pictures.CASE), pictures.show("epd").case
    assert coarse.images[0][0, 0, 0] == pytest.approx(fine.images[0][:2, :2, :2].mean(), rel=1e-5)


def test_links_become_those_of_the_site() -> None:
    texts = {"docs/methods.md": "# Soft labels\n## ls: x\n", "docs/faq.md": "# Questions\n", "docs/sub/a.md": "# A\n"}
    found = Sources(texts, {"docs/methods.md": {"ls-x": "methods/ls.md"}})
    text = "`docs/faq.md`, [one](../methods.md#ls-x), [two](../../workflow/x.py), [`three`](#a); `see docs/faq.md`"
    assert rewrite.page(text, "docs/sub/a.md", "sub/a.md", found) == (
        "[Questions](../faq.md), [one](../methods/ls.md#ls-x), two, [`three`](a.md#a); `see docs/faq.md`"
    )


def test_lists_and_tables_have_the_blank_lines_that_the_parser_wants() -> None:
    text = "A:\n- b\n  c\n  - d\n- e\n\nF:\n| g |\n|---|\n```\nx:\n- y\n```\n"
    assert rewrite.spaced(text) == "A:\n\n- b\n  c\n    - d\n- e\n\nF:\n\n| g |\n|---|\n```\nx:\n- y\n```\n"


def test_tutorial_shows_what_its_short_form_prints() -> None:
    text = "# T\n\nWords.\n\n## One\n<!-- short: N, M = 2, 3 -->\n```python\nN, M = 200, 300\nprint(N * M)\n```\n"
    text += "```python\nO = N\n```\n"
    page = tutorials.page(text)
    assert 'print(N * M)\n```\n\n```text title="Output"\n6\n```\n' in page
    assert "N, M = 200, 300" in page
    assert "with `N, M = 2, 3`" in page
    assert page.endswith("```python\nO = N\n```\n")


def test_docstring_gets_the_sections_of_google() -> None:
    text = inspect.cleandoc(soft_labels.recipe("svls").soften.__doc__ or "")
    found = google(text)
    assert "\nReturns:\n    (C, D, H, W) or (C, H, W) float32, summing to 1" in found
    assert "\n\nRaises:\n    InputError: if `sigma` is not positive" in found
    assert "**Source.** Islam & Glocker 2021" in found
    assert "\nExamples:\n    >>> import numpy as np\n" in found
