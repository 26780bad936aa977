"""Write all pages of the site, and the settings that MkDocs builds them with, into build/site-source."""

import shutil
import time
from pathlib import Path

import yaml
from softbench import soft_labels

from make.markdown import DOCS, ROOT
from make.site import methods, navigation, pages, pictures, rewrite

FOLDER = ROOT / "build" / "site-source"
ADDED = ("site.css", "iframe-worker.js")  # of docs/web


def write(folder: Path = FOLDER) -> int:
    """Write the source of the site into a folder, which is emptied first; return the number of pages."""
    shutil.rmtree(folder, ignore_errors=True)
    found = pages.collect()
    every = pages.every(found)
    for name, page in every.items():
        target = folder / "pages" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rewrite.page(page.make(), page.path, name, found), encoding="utf-8")
    shutil.copytree(DOCS / "pictures", folder / "pages" / "pictures")
    for added in ADDED:
        shutil.copy(DOCS / "web" / added, folder / "pages" / added)
    _draw(folder / "pages" / methods.PICTURES)
    entries = navigation.expanded(navigation.read(), every)
    settings = {"INHERIT": "../../docs/web/mkdocs.yml", "docs_dir": "pages", "site_dir": "../site", "nav": entries}
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return len(every)


def _draw(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in soft_labels.names():
        pictures.save(name, folder / f"{name}.png")


if __name__ == "__main__":
    began = time.monotonic()
    print(f"{write()} pages in {FOLDER.relative_to(ROOT)}, in {time.monotonic() - began:.0f} s", flush=True)
