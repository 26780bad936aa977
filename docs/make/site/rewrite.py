"""A page of the repository as the site's Markdown: links between its pages, and blank lines that its parser wants."""

import re

from make.site import links
from make.site.sources import Sources

ITEM = re.compile(r"^( *)([-*]|\d+\.) ")
ROW = re.compile(r"^\|")
WHOLE = re.compile(r"(?<!\\)\[([^\[\]]*)\]\(([^()\s]+)\)")


def page(text: str, path: str, shown: str, sources: Sources) -> str:
    """Return a text of a page, or a part of it, with the links of the site.

    Args:
        text: Markdown.
        path: where it stands in the repository; links in it are relative to that.
        shown: the page of the site that shows it.
        sources: all pages.
    """
    return spaced(linked(text, path, shown, sources))


def linked(text: str, path: str, shown: str, sources: Sources) -> str:
    """Return a text whose links lead to pages of the site; pages that it names become links with their titles.

    A link to a file that the site does not show becomes its words.
    """

    def named(name: str) -> str:
        if name not in sources.texts:
            return name
        target = sources.place(name)
        return sources.title(name) if target == shown else f"[{sources.title(name)}]({links.relative(shown, target)})"

    def led(match: re.Match) -> str:
        name, _, anchor = match[2].partition("#")
        if links.ELSEWHERE.match(match[2]):
            return match[0]
        target = links.resolved(path, name) if name else path
        if target in sources.texts:
            place = links.relative(shown, sources.place(target, anchor))
            return f"[{match[1]}]({place}{'#' if anchor else ''}{anchor})"
        if not target.startswith("docs/"):
            return match[1]
        place = links.relative(shown, target.removeprefix("docs/"))  # a picture, or a page that is made
        return f"[{match[1]}]({place}{'#' if anchor else ''}{anchor})"

    kept: list[str] = []

    def keep(match: re.Match) -> str:
        kept.append(led(match))
        return f"\0{len(kept) - 1}\0"

    def prose(part: str) -> str:
        lines = part.split("\n")
        return "\n".join(
            line if line.startswith("#") else links.NAMED.sub(lambda m: named(m[0]), line) for line in lines
        )

    def code(part: str) -> str:
        bare = part.strip("`")
        return named(bare) if links.NAMED.fullmatch(bare) else part

    text = links.in_blocks(text, lambda part: WHOLE.sub(keep, part))
    return re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], links.in_prose(text, prose, code))


def spaced(text: str) -> str:
    """Return a text with a blank line before lists and tables, and lists in lists indented by four.

    Code hosts do without; the site's parser does not.
    """
    return links.in_blocks(text, lambda part: "\n".join(_spaced(part.split("\n"))))


def _spaced(lines: list[str]) -> list[str]:
    done: list[str] = []
    for line in lines:
        before = done[-1] if done else ""
        item, row = ITEM.match(line), ROW.match(line)
        inside = _is_in_list(done)
        begins = (item and not item[1] and not inside) or (row and not ROW.match(before))
        if begins and before.strip() and not before.startswith("#"):
            done.append("")
        done.append(f"{' ' * (4 * ((len(item[1]) + 2) // 4))}{line.lstrip()}" if item and item[1] and inside else line)
    return done


def _is_in_list(done: list[str]) -> bool:
    """Return whether the last line belongs to an item."""
    for line in reversed(done):
        if ITEM.match(line):
            return True
        if not line.strip():
            return False
        if line[:1] != " ":
            return False
    return False
