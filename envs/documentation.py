"""Builds the site of the documentation from the pages that `python -m make.site` wrote: `python envs/documentation.py`.

MkDocs and what it needs have an environment of their own, so that the pins of the suite stay as they are. A broken link
or anchor and a page that the navigation lacks stop it (`strict`, in docs/web/mkdocs.yml).
"""

import os
import sys
import time

import install

ROOT = install.ENVS.parent
TOOLS, SOURCE, SITE = (ROOT / "build" / name for name in ("site-tools", "site-source", "site"))


def main() -> None:
    """Build into build/site, and print where it is."""
    if not (SOURCE / "mkdocs.yml").exists():
        sys.exit("There are no pages to build: `make site` writes them first.")
    python = install.tools(TOOLS, "documentation.txt")
    began = time.monotonic()
    os.environ |= {"PYTHONPATH": str(ROOT / "docs"), "NO_MKDOCS_2_WARNING": "1"}
    # Not `--quiet`: it would hide warnings, and with them what `strict` stops at.
    install.run([str(python), "-m", "mkdocs", "build", "--config-file", str(SOURCE / "mkdocs.yml")])
    pages = len(list(SITE.rglob("*.html")))
    install.say(f"{SITE.relative_to(ROOT)}/index.html: {pages} pages, built in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
