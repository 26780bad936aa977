"""Which files of the repository the site shows, and under which name."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from make.markdown import ROOT
from make.site import links

AS = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "results/README.md": "result_files.md",
    "docs/README.md": "pages.md",
}


class Sources:
    """The pages as the repository has them.

    Attributes:
        texts: path in the repository -> text.
        parts: path -> anchor -> page of the site, for pages that the site cuts in parts.
    """

    def __init__(self, texts: Mapping[str, str], parts: Mapping[str, Mapping[str, str]] | None = None) -> None:
        """Take texts and parts."""
        self.texts, self.parts = dict(texts), dict(parts or {})

    @cached_property
    def anchors(self) -> dict[str, set[str]]:
        """Path -> anchors of its headings."""
        return {path: set(links.anchors(text)) for path, text in self.texts.items()}

    def title(self, path: str) -> str:
        """Return the title of a page."""
        return links.title(self.texts[path])

    def place(self, path: str, anchor: str = "") -> str:
        """Return the page of the site that shows a page, or a place in it: `methods/ls.md`, `faq.md`."""
        if anchor in self.parts.get(path, {}):
            return self.parts[path][anchor]
        return AS.get(path, path.removeprefix("docs/"))

    def broken(self) -> list[str]:
        """Return the links, and pages that are named, that lead nowhere: one line each."""
        return [line for path, text in self.texts.items() for line in self._broken(path, text)]

    def _broken(self, path: str, text: str) -> list[str]:
        lines = [f"{path}: `{name}` is named, and is not there" for name in links.named(text) if name not in self.texts]
        for link in links.links(text):
            name, _, anchor = link.partition("#")
            target = links.resolved(path, name) if name else path
            if not (ROOT / target).exists():
                lines.append(f"{path}: the link {link} leads to no file")
            elif anchor and anchor not in self.anchors.get(target, ()):
                lines.append(f"{path}: the link {link} leads to no heading")
        return lines


def read(root: Path = ROOT) -> Sources:
    """Return all pages of a checkout."""
    docs = [path for path in sorted((root / "docs").rglob("*.md")) if "make" not in path.parts]
    paths = dict.fromkeys([*(root / name for name in AS), *docs])
    return Sources({str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths})
