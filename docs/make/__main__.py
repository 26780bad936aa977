"""Write the pages: all, or those named as arguments."""

import sys

from softbench.jobs import pieces

from make import api, datasets, fidelity, licences, metrics, papers, settings, views
from make.markdown import DOCS

PAGES = {
    "api": api, "datasets": datasets, "fidelity": fidelity, "licences": licences, "metrics": metrics, "papers": papers,
    "settings": settings, "views": views,
}  # fmt: skip

if __name__ == "__main__":
    for name in sys.argv[1:] or PAGES:
        pieces.write_text(DOCS / f"{name}.md", PAGES[name].page())
    views.write_list()
