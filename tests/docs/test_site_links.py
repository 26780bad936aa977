"""Links, anchors and named pages of all documents lead somewhere; those that do not are found."""

import pytest
from make.site import links, sources
from make.site.sources import Sources

PAGE = """# Title of `it`
See `docs/faq.md`, [there](faq.md#some-words) and [`code`](#again).

```sh
# no heading, [no](link.md)
```
## Again
## Again
<!-- [no](comment.md) -->
"""


def test_every_link_of_the_documents_leads_somewhere() -> None:
    assert sources.read().broken() == []


def test_headings_in_blocks_of_code_are_none() -> None:
    assert list(links.headings(PAGE)) == [(1, "Title of `it`"), (2, "Again"), (2, "Again")]
    assert links.title(PAGE) == "Title of `it`"


def test_equal_headings_are_counted() -> None:
    assert links.anchors(PAGE) == ["title-of-it", "again", "again-1"]


def test_links_are_those_outside_of_code_and_comments() -> None:
    assert links.links(PAGE) == ["faq.md#some-words", "#again"]
    assert links.named(PAGE) == ["docs/faq.md"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a](gone.md)", "the link gone.md leads to no file"),
        ("[a](faq.md#gone)", "the link faq.md#gone leads to no heading"),
        ("[a](#gone)", "the link #gone leads to no heading"),
        ("see `docs/gone.md`", "`docs/gone.md` is named, and is not there"),
        ("![a](pictures/gone.png)", "the link pictures/gone.png leads to no file"),
    ],
)
def test_what_leads_nowhere_is_found(text: str, said: str) -> None:
    found = Sources({"docs/install.md": text, "docs/faq.md": "# Questions\n"})
    assert found.broken() == [f"docs/install.md: {said}"]
