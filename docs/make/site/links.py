"""Headings and links of a page of Markdown: its anchors, and where its links lead."""

import posixpath
import re
from collections.abc import Callable, Iterator

CODE = re.compile(r"^( *)(```+).*?^\1\2[ \t]*$|<!--.*?-->|(`+)(?!`).+?(?<!`)\3(?!`)", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) +(.+?)(?: +#+)?$", re.MULTILINE)
LINK = re.compile(r"(?<!\\)\]\(([^()\s]+)(?: +\"[^\"]*\")?\)")
ELSEWHERE = re.compile(r"^[a-z]+:")  # https:, mailto:


def in_prose(text: str, change: Callable[[str], str], in_code: Callable[[str], str] = str) -> str:
    """Return a text with what is no code changed by one function, and its code by another."""
    parts, end = [], 0
    for match in CODE.finditer(text):
        parts += [change(text[end : match.start()]), in_code(match[0])]
        end = match.end()
    return "".join([*parts, change(text[end:])])


def in_blocks(text: str, change: Callable[[str], str]) -> str:
    """Return a text with all that is no block of code and no comment changed; code in a sentence is changed, too."""
    parts, end = [], 0
    for match in CODE.finditer(text):
        if is_block(match[0]):
            parts += [change(text[end : match.start()]), match[0]]
            end = match.end()
    return "".join([*parts, change(text[end:])])


def without_blocks(text: str) -> str:
    """Return a text with its blocks of code and its comments empty, line by line."""
    return in_prose(text, str, lambda code: "\n" * code.count("\n") if is_block(code) else code)


def is_block(code: str) -> bool:
    """Return whether code stands in lines of its own, or is a comment, rather than in a sentence."""
    return code.lstrip(" ").startswith(("```", "<!--"))


def slug(heading: str) -> str:
    """Return the anchor of a heading, as code hosts and the site make it.

    >>> slug("ls: label *smoothing* of `K` (2)")
    'ls-label-smoothing-of-k-2'
    """
    bare = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", bare.lower()).strip().replace(" ", "-")


def headings(text: str) -> Iterator[tuple[int, str]]:
    """Give level and text of each heading."""
    for match in HEADING.finditer(without_blocks(text)):
        yield len(match[1]), match[2]


def title(text: str) -> str:
    """Return the first heading of the first level; "" where there is none."""
    return next((heading for level, heading in headings(text) if level == 1), "")


def anchors(text: str) -> list[str]:
    """Return the anchors of a page, in order; those of equal headings are counted."""
    given: list[str] = []
    for _, heading in headings(text):
        anchor = slug(heading)
        again = sum(1 for other in given if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", other))
        given.append(f"{anchor}-{again}" if anchor in given else anchor)
    return given


def links(text: str) -> list[str]:
    """Return where the links and pictures of a page lead, but for those to other places of the internet."""
    found: list[str] = []

    def read(part: str) -> str:
        found.extend(match[1] for match in LINK.finditer(part))
        return part

    in_prose(text, read)
    return [link for link in found if not ELSEWHERE.match(link)]


NAMED = re.compile(r"\b(?:docs(?:/\w+)*/\w+|CONTRIBUTING|CHANGELOG|results/README|(?<![\w/])README)\.md\b")


def named(text: str) -> list[str]:
    """Return the pages that a text names by their path in the repository: in prose, or alone as code."""
    found: list[str] = []

    def prose(part: str) -> str:
        found.extend(NAMED.findall(LINK.sub("", part)))
        return part

    def code(part: str) -> str:
        found.extend([part.strip("`")] if NAMED.fullmatch(part.strip("`")) else [])
        return part

    in_prose(text, prose, code)
    return found


def resolved(page: str, link: str) -> str:
    """Return the path in the repository that a relative link of a page leads to.

    >>> resolved("docs/tutorials/monai.md", "../methods.md")
    'docs/methods.md'
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def relative(page: str, target: str) -> str:
    """Return the link from one page to another, both from the same folder.

    >>> relative("methods/ls.md", "faq.md")
    '../faq.md'
    """
    return posixpath.relpath(target, posixpath.dirname(page) or ".")
