"""What pages.smk and the targets ask: which files a target wants, what a page shows and says of each table."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from softbench.plan import modules, paths
from softbench.plan.answers.papers import Papers
from softbench.plan.answers.tables import Tables, Views
from softbench.plan.calls import Wildcards, by, pattern
from softbench.plan.plan import Plan
from softbench.rater_names import say_pseudo, say_pseudo_everywhere

INDEX = paths.INDEX.stem  # the page of `run:`
FORMS = ("csv", "md", "tex", "html")
DATA = ("published", "open", "phantom")


class Pages:
    """Answers to the targets and to the rule of pages; `names` constrains {page}."""

    def __init__(self, plan: Plan, tables: Tables, papers: Papers, views: Views) -> None:
        """Read which pages there are."""
        self.plan, self._tables, self._papers, self._views = plan, tables, papers, views
        self.names = pattern([INDEX, *plan.tables, *plan.paper_tables, *papers.pages, *plan.collections])

    def run(self, wildcards: Wildcards) -> list[str]:
        """Return what `run:` in config wants."""
        return self.products(self.plan.config["run"])

    def of_papers(self, wildcards: Wildcards) -> list[str]:
        """Return all that the papers show, on the data that `data` in config names."""
        data = self.plan.config["data"]
        page = f"paper_tables{self.plan.form_of(data)}"
        return [
            *self._of_tables(self.plan.papers_of(data)),
            *paths.figures(self._paper_figures(data)),
            *(f"results/{page}/claims.{form}" for form in FORMS),
            f"results/report/{page}.html",
        ]

    def of(self, target: str) -> Callable[[Wildcards], list[str]]:
        """Return the answer for the target of a table or collection: what a reader wants of it."""

        def wanted(wildcards: Wildcards) -> list[str]:
            if target in self.plan.collections:
                return [*self._of_tables(self.plan.collections[target]), *self._of_whole(target)]
            return self.products([target])

        return wanted

    def products(self, targets: Sequence[str]) -> list[str]:
        """Return what a reader wants of some tables: all their views, and one page."""
        whole = list(targets) == list(self.plan.config["run"])
        pages = self._of_whole(INDEX) if whole else _pages(targets)
        return [*self._of_tables(targets), *pages]

    def asked(self, arguments: Sequence[str]) -> list[str]:
        """Return the files with which a reader begins, of what a call of Snakemake asked for.

        Args:
            arguments: of the call. Targets are told by their names; without one, `run:` in config was asked for.
        """
        collections = [word for word in arguments if word in self.plan.collections]
        named = [word for word in arguments if word in {*self.plan.tables, *self.plan.paper_tables}]
        files = [word for word in arguments if word.startswith("results/")]
        data = self.plan.config["data"]
        papers = [f"results/report/paper_tables{self.plan.form_of(data)}.html"] if "paper_tables" in arguments else []
        pages = [*_pages(named), *(page for name in collections for page in _pages(self._pages_of(name))), *papers]
        run = list(self.plan.config["run"])
        if not (named or collections or files or papers or "fetch" in arguments) or [
            table for table in named if [table] == run
        ]:
            named, pages = run, [*_pages(self._pages_of(INDEX)), *papers]
        return [*pages, *(f"results/tables/{table}.md" for table in named), *files]

    def _of_tables(self, tables: Iterable[str]) -> list[str]:
        return [file for table in tables for file in self._views.files(table)]

    def growing(self, arguments: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the pages of several tables among what a call asked for, and what they show, by their paths.

        Args:
            arguments: of the call.
        """
        page = re.compile(rf"results/report/({self.names})\.html")
        names = [found[1] for path in self.asked(arguments) if (found := page.fullmatch(path))]
        return {_pages([name])[0]: self.settings(name) for name in names if len(self._targets(name)) > 1}

    def _of_whole(self, page: str) -> list[str]:
        """Return what all tables of `run:` or of a collection have together: pages, claims, scores, comparison."""
        scores = f"results/scores{paths.of_page(page)}.parquet"
        return [*_pages(self._pages_of(page)), "results/claims.md", scores, *self._comparison(page)]

    def _rehearsed(self, page: str) -> list[str]:
        """Return the rehearsals among them, whose numbers mean nothing: each has a page of its own."""
        papers = (name for name in self.plan.of_page(page) if name in self.plan.paper_tables)
        return [name for name in papers if self._papers.is_rehearsal(name)]

    def _pages_of(self, page: str) -> list[str]:
        """Return the page of `run:` or of a collection, and those of its rehearsals."""
        return [page, *self._rehearsed(page)]

    def _comparison(self, page: str) -> list[str]:
        """Return the files that compare the tables of a page; none where none can be compared, or it has but one."""
        if page != INDEX and page not in self.plan.collections:
            return []
        of = paths.of_page(page)
        return paths.tables([f"between_tables{of}"], FORMS) if self._tables.compared(of) else []

    def _paper_figures(self, data: str) -> list[str]:
        """Return the papers' figures in the form that shows some data: published, here, open or phantom."""
        named = [(name, name + self.plan.form_of(data)) for name in self.plan.config.get("figures", {})]
        return [form if form in self.plan.figures else name for name, form in named]

    @by("page")
    def settings(self, page: str) -> dict[str, Any]:
        """Return what `page.report.write` says of the tables, the papers' tables and the data of a page."""
        targets = self._targets(page)
        tables = [name for name in targets if name in self.plan.tables]
        papers = [name for name in targets if name in self.plan.paper_tables]
        experiments = [experiment for table in tables for experiment, _, _ in self.plan.runs_of(table)]
        experiments += [experiment for table in papers for experiment in self._papers.experiments_at_hand(table)]
        sources = dict.fromkeys(map(self.plan.source_of, experiments))
        return {
            "tables": {table: self._facts(table) for table in tables},
            "papers": {table: self._facts(table) for table in papers},
            "figures": self._figures(page),
            "cards": [modules.data_card(source) for source in sources],
            "claims": self._claims(page),
            "rehearsals": {f"{name}.html": self._tables.title(name) for name in self._rehearsed(page)},
            "comparison": [path for path in self._comparison(page) if path.endswith(".html")],
        }

    @by("page")
    def batches(self, page: str) -> list[str]:
        """Return the manifests of all batches that a page speaks of, each once."""
        shown = self.settings(page)
        every = [*shown["tables"].values(), *shown["papers"].values()]
        return paths.once(path for facts in every for path in facts["batches"])

    @by("page")
    def files(self, page: str) -> list[str]:
        """Return what a page is put together from: records of tables, the papers' figures, comparison and claims."""
        records = self._of_tables(self._targets(page))  # with all files of the views, so that a new view is made
        figures = paths.figures(self._figures(page), ["png", "txt"])
        return [*records, *figures, *self.settings(page)["comparison"], self._claims(page)]

    def _claims(self, page: str) -> str:
        """Return the verdicts that a page shows: after all its runs for the papers' own, else of what lies there."""
        return f"results/{page}/claims.html" if page in self._papers.pages else "results/claims.html"

    def _targets(self, page: str) -> list[str]:
        """Return the tables of a page: of `run:` or a collection all but rehearsals; all papers' of a form; its own."""
        if page == INDEX or page in self.plan.collections:
            return [name for name in self.plan.of_page(page) if name not in self._rehearsed(page)]
        return self._papers.pages.get(page, [page])

    def _figures(self, page: str) -> dict[str, str]:
        """Return name -> title of the papers' figures of a page: those whose experiments all stand in its papers'
        tables."""
        papers = (name for name in self._targets(page) if name in self.plan.paper_tables)
        shown = {experiment for table in papers for experiment in self.plan.experiments_of(table)}
        every = {name for data in DATA for name in self._paper_figures(data)}
        return {
            name: say_pseudo(figure["title"]) if self.plan.pseudo_raters(figure["experiments"]) else figure["title"]
            for name, figure in self.plan.figures.items()
            if name in every and shown and shown.issuperset(figure["experiments"])
        }

    def _facts(self, table: str) -> dict[str, Any]:
        """Return the title, data, methods and batches of a table; of a paper's, for what there is data for."""
        runs = self._tables.runs(table)
        data = [self._describe_data(experiment, network) for experiment, network, _ in runs]
        methods = [self.plan.title_of(method) for _, _, method in runs if method in self.plan.trained()]
        facts = {
            "title": self._tables.title(table),
            "data": "; ".join(dict.fromkeys(data)) or "none at hand",
            "methods": list(dict.fromkeys(methods)),
            "untrained": self.plan.sanity_rows(),
            "batches": paths.once(path for run in runs for path in self.plan.batch_files(run)),
            "record": str(paths.record(table)),
            "numbers": f"results/tables/{table}.csv",
        }
        pseudo = self.plan.pseudo_raters(self.plan.experiments_of(table))
        return facts | (say_pseudo_everywhere({name: facts[name] for name in ("title", "methods")}) if pseudo else {})

    def _describe_data(self, experiment: str, network: str) -> str:
        card = modules.data_card(self.plan.source_of(experiment))
        return f"{card['title']}, split {self.plan.experiments[experiment]['split']}, {network}"


def _pages(names: Iterable[str]) -> list[str]:
    return [f"results/report/{name}.html" for name in names]
