"""The files of views as Snakemake takes them: kept while they are made anew, and shown by `snakemake --report`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from softbench.plan.views import MARK, RECORD, Declared

CAPTIONS = Path(".snakemake", "softbench", "captions")
SHOWN = (".html", ".png")  # in the report


def of_views(views: Iterable[Declared], category: str) -> list[Any]:
    """Return the outputs of the job that makes some views of {table}: their files, their record, their mark."""
    from snakemake.ioflags import update

    return [*(_flagged(view, file, category) for view in views for file in view.files()), update(RECORD), MARK]


def _flagged(view: Declared, file: str, category: str) -> Any:
    from snakemake.io import report
    from snakemake.ioflags import update

    if not file.endswith(SHOWN):
        return update(file)
    labels = {"shows": f"{view.title} ({view.name})"}
    return report(update(file), caption=_caption(view), category=category, subcategory="{table}", labels=labels)


def _caption(view: Declared) -> str:
    """Write the caption of a view where Snakemake finds it, unless it lies there as it should be; return where."""
    from softbench.jobs import pieces

    path, text = CAPTIONS / f"{view.name}.rst", view.caption + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        pieces.write_text(path, text)
    return str(path.absolute())
