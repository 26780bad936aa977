"""What is shown of a table: docs/views.md, and the rows of results/README.md, made of the words of the views."""

import re
from pathlib import Path

from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.plan import views
from softbench.plan.views import Declared

from make.markdown import ROOT, table

LIST = ROOT / "results" / "README.md"
MARKS = ("<!-- views: made by `make docs` -->", "<!-- end of views -->")
BLOCK = re.compile(rf"({MARKS[0]}\n).*?({MARKS[1]})", re.DOTALL)
OF = {("methods",): "methods", ("paper",): "papers’", ("methods", "paper"): "all"}
HEAD = """# What is shown of a table

<!-- Made by `make docs`: edit the views themselves, or docs/make/views.py, not this file. -->

A *view* is one thing that a reader is shown of a table: the table itself, its statistics, a picture. Each is one file,
and one job makes all views of a table. Each view has a section on the page of the run; views of one title stand
together. Tables of *methods* are those of `tables` in config; the *papers’* hold ours beside the printed numbers.

A view that does not apply to a table (the data are no phantom) says so in its files, and has no section. One that fails
says why in its files and on the page; the others are made, `snakemake` ends with an error that names it, and the next
run tries again. One whose code, settings and scores are those of before is not made again.

"""
OWN = """
## Your own

One file in `workflow/softbench/tables/views` (a table, written as csv, Markdown, LaTeX and HTML) or in
`workflow/softbench/figures/views` (a picture, as png and pdf with its caption). Nothing else is edited: the next run
makes it for every table of methods, and it stands on the page and in `snakemake --report`. `make docs` adds it to this
list and to that of `results/README.md`, which a test wants to be whole. A view that is taken away leaves its files.

```python
# workflow/softbench/tables/views/case_spread.py
\"""The standard deviation over test cases, column by column.\"""

from softbench.tables.view import Given
from softbench.tables.layout import heads, title_of
from softbench.tables.sheet import number
from softbench.tables.sheet import Sheet, plain
from softbench.tables.view import View
from softbench.tables.views import results

VERSION = 1


def build(given: Given) -> Sheet:
    \"""Return methods by columns.\"""
    table = given.shown
    rows = [
        [method.title, *(number(cell.sd_cases, 3) for cell in cells)]
        for method, cells in zip(table.methods, table.cells, strict=True)
    ]
    grid = plain(["Method", *map(title_of, heads(table))], rows)
    about = "Each cell: the standard deviation over test cases."
    return Sheet(f"{table.title}: spread over cases", about, (grid,), numbers=results.numbers(table))


VIEW = View(
    name="case_spread",
    title="Spread over cases",
    caption="The standard deviation over test cases, column by column.",
    needs=("scores", "ensembles"),
    build=build,
    place=35,
)
```

- `given` holds the table, its scores and its rankings, each read when first asked for:
  `workflow/softbench/tables/view.py`.
- `needs` names what the view is made from, besides the settings of the table; it is made again when that changes.
  `scores` is the default; a view that uses `given.shown` or `given.runs` needs `ensembles`, too.
- `applies` returns why a table cannot have it, or nothing; `folded=True` closes its section; `place` says where it
  stands on the page (the list above is in that order); `of=("methods", "paper")` gives it to the papers’ tables, too.
- A paper’s table has no `given.runs` and no `given.shown`: it has `given.settings["blocks"]`, see
  `workflow/softbench/tables/views/comparison.py`.
- `given.all_runs.scores` holds every score of every case, structure, metric, seed and rater; `given.evidence.scores`
  those of the table's columns, after its empty-mask policy and with its composites.
- `file="spread_{table}"` gives its files another name than that of the view.
- A picture returns `Picture(figure, caption)` with a figure of matplotlib.

What cannot be a view stops `snakemake -n` with its file and what is wrong. All arguments:
`workflow/softbench/tables/view.py`.
"""


def page() -> str:
    """Return docs/views.md."""
    rows = [(view.title, _where(view), _files(view), view.caption, _of(view), _open(view)) for view in known()]
    return HEAD + table(("section", "view", "files", "shows", "tables", "section is"), rows) + "\n" + OWN


def rows() -> str:
    """Return the table of results/README.md."""
    return table(("path", "what"), [(_files(view), view.caption) for view in known()]) + "\n"


def known() -> list[Declared]:
    """Return the views of all tables, each once, in the order of the page."""
    every = dict.fromkeys(view for kind in views.KINDS for view in views.declared(kind))
    return sorted(every, key=lambda view: (view.place, view.name))


def _files(view: Declared) -> str:
    """Return the files of a view, below results/."""
    stem = view.files("<table>")[0].removeprefix("results/").rpartition(".")[0]
    return f"`{stem}.{{{','.join(views.FORMS[view.folder])}}}`"


def _where(view: Declared) -> str:
    return f"[`{view.name}`](../workflow/softbench/{view.module})"


def _of(view: Declared) -> str:
    return OF[tuple(sorted(view.of))]


def _open(view: Declared) -> str:
    return "closed" if view.folded else "open"


def write_list(path: Path = LIST) -> None:
    """Write the list of results/README.md, between its two marks."""
    pieces.write_text(path, with_rows(path.read_text(encoding="utf-8")))


def with_rows(text: str) -> str:
    """Return a text with the rows of today between its two marks.

    Raises: InputError: if the marks are not there.
    """
    new, count = BLOCK.subn(lambda block: f"{block[1]}\n{rows()}\n{block[2]}", text)
    if not count:
        raise InputError(f"the list of results lacks the lines {MARKS[0]} and {MARKS[1]}. Write them around its table.")
    return new
