"""All pages of the site, each with the way it is made."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from make.site import losses, methods, reference, sources, tutorials
from make.site.sources import Sources

OVERVIEWS = {methods.PATH: methods.overview, losses.PATH: losses.page, reference.PATH: reference.overview}


class Page(NamedTuple):
    """A page: how its text is made, and the page of the repository that its links are relative to."""

    make: Callable[[], str]
    path: str


def collect() -> Sources:
    """Return the repository's pages, with what the site cuts in parts."""
    found = sources.read()
    cut = {methods: methods.parts(found.texts[methods.PATH]), reference: reference.parts(found.texts[reference.PATH])}
    found.parts |= {module.PATH: parts for module, parts in cut.items()}
    return found


def every(found: Sources) -> Mapping[str, Page]:
    """Return name on the site -> page; nothing is made before `make` is called."""
    pages = {found.place(path): Page(partial(_way(path), text), path) for path, text in found.texts.items()}
    described = methods.described(found.texts[methods.PATH]).items()
    pages |= {name: Page(partial(methods.page, section), methods.PATH) for name, section in described}
    packages = reference.packages()
    pages |= {f"{reference.FOLDER}/{name}.md": Page(partial(reference.page, name), reference.PATH) for name in packages}
    return pages


def _way(path: str) -> Callable[[str], str]:
    return tutorials.page if path.startswith(tutorials.FOLDER) else OVERVIEWS.get(path, str)
