"""What pages.smk and the targets ask: which files a target wants, what a page shows and says of each table."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from softbench.plan import modules, paths
from softbench.plan.answers.papers import Papers
from softbench.plan.answers.tables import Tables
from softbench.plan.paths import Run
from softbench.plan.plan import Plan
from softbench.plan.wildcards import Wildcards, pattern

FORMS = ("csv", "md", "tex", "html")
DATA = ("published", "open", "phantom")


class Pages:
    """Answers to the targets and to the rule of pages; `names` constrains {page}."""

    def __init__(self, plan: Plan, tables: Tables, papers: Papers) -> None:
        """Read which pages there are."""
        self.plan, self._tables, self._papers = plan, tables, papers
        self.names = pattern(["index", *plan.tables, *plan.paper_tables, *papers.pages])

    def run(self, wildcards: Wildcards) -> list[str]:
        """Return what `run:` in config wants."""
        return self.products(self.plan.config["run"])

    def of_papers(self, wildcards: Wildcards) -> list[str]:
        """Return all that the papers show, on the data that `data` in config names."""
        data = self.plan.config["data"]
        tables, page = self.plan.papers_of(data), f"paper_tables{self.plan.form_of(data)}"
        return [
            *paths.tables(tables, FORMS),
            *paths.figures(self._paper_figures(data)),
            *self._quality(tables),
            *paths.tables(f"costs_{table}" for table in tables),
            *(f"results/{page}/claims.{form}" for form in ("csv", "md", "html")),
            f"results/report/{page}.html",
        ]

    def of(self, target: str) -> Callable[[Wildcards], list[str]]:
        """Return the answer for the target of a table: what a reader wants of it."""

        def wanted(wildcards: Wildcards) -> list[str]:
            return self.products([target])

        return wanted

    def products(self, targets: Sequence[str]) -> list[str]:
        """Return what a reader wants of some tables: the tables, their figures, what stands behind, and one page."""
        tables = [name for name in targets if name in self.plan.tables]
        whole = list(targets) == list(self.plan.config["run"])
        return [
            *paths.tables(targets, FORMS),
            *paths.figures((f"reliability_{table}" for table in tables), ("png", "pdf")),
            *self._quality(targets),
            *paths.figures((f"soft_labels_{table}" for table in tables), ("png", "pdf")),
            *self._behind(tables),
            *paths.tables(f"costs_{table}" for table in targets),
            *(self._of_whole_run(tables) if whole else [f"results/report/{target}.html" for target in targets]),
            *paths.ensembles(run for table in tables for run in self.plan.ensembles_wanted(table)),
        ]

    def _behind(self, tables: Sequence[str]) -> list[str]:
        """Return what the verdicts of some tables rest on; what phantoms know is made for phantoms alone."""
        truth = [f"truth_{table}" for table in tables if table in self._tables.on_phantoms]
        return [
            *paths.tables(_named(("free", "policies", "statistics", "ranks"), tables)),
            *paths.tables(truth),
            *paths.tables((f"agreement_{table}" for table in tables), ["csv"]),
            *paths.figures(_named(("ranks", "cases"), tables)),
        ]

    def _of_whole_run(self, tables: Sequence[str]) -> list[str]:
        pages = ["results/report/index.html", "results/claims.md", "results/scores.parquet"]
        return [*pages, *self._comparison(tables)]

    def _comparison(self, tables: Sequence[str]) -> list[str]:
        """Return the files that compare tables; none where there is one alone."""
        return paths.tables(["between_tables"]) if len(tables) > 1 else []

    def _quality(self, tables: Iterable[str]) -> list[str]:
        """Return the quality tables of some tables; of papers' tables, those that there is data for."""
        return paths.tables(f"quality_{table}" for table in tables if self._tables.trained(table))

    def _paper_figures(self, data: str) -> list[str]:
        """Return the papers' figures in the form that shows some data: published, here, open or phantom."""
        named = [(name, name + self.plan.form_of(data)) for name in self.plan.config.get("figures", {})]
        return [form if form in self.plan.figures else name for name, form in named]

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what `page.report.write` says of the tables, the papers' tables and the data of a page."""
        tables, papers = self._of_page(wildcards), self._papers_of_page(wildcards)
        experiments = [experiment for table in tables for experiment, _, _ in self.plan.runs_of(table)]
        experiments += [experiment for table in papers for experiment in self._papers.experiments_at_hand(table)]
        sources = dict.fromkeys(map(self.plan.source_of, experiments))
        return {
            "tables": {table: self._facts_of_table(table) for table in tables},
            "papers": {table: self._facts_of_paper_table(table) for table in papers},
            "figures": self._figures(wildcards),
            "cards": [modules.data_card(source) for source in sources],
        }

    def batches(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of all batches that a page speaks of, each once."""
        shown = self.settings(wildcards)
        every = [*shown["tables"].values(), *shown["papers"].values()]
        return paths.once(path for facts in every for path in facts["batches"])

    def files(self, wildcards: Wildcards) -> list[str]:
        """Return the tables, pictures and captions of a page. A file finds its place and its heading by its name, see
        page/chapters.py."""
        tables, papers = self._of_page(wildcards), self._papers_of_page(wildcards)
        targets = self._targets(wildcards)
        html = [path for path in self._quality(targets) if path.endswith(".html")]
        truth = [table for table in tables if table in self._tables.on_phantoms]
        compared = self._comparison(tables) if wildcards.page == "index" else []
        return [
            *paths.tables(tables, ["csv", "html"]),
            *paths.figures(_named(("reliability", "soft_labels"), tables), ["png"]),
            *html,
            *paths.tables(_named(("statistics", "ranks", "free", "policies", "costs"), tables), ["html"]),
            *paths.figures(_named(("ranks", "cases"), tables), ["png", "txt"]),
            *paths.tables((f"truth_{table}" for table in truth), ["html"]),
            *(path for path in compared if path.endswith("html")),
            *paths.tables(papers, ["html"]),
            *paths.figures(self._figures(wildcards), ["png", "txt"]),
            self._claims(wildcards),
        ]

    def _claims(self, wildcards: Wildcards) -> str:
        """Return the verdicts that a page shows: after all its runs for the papers' own, else of what lies there."""
        of_papers = wildcards.page in self._papers.pages
        return f"results/{wildcards.page}/claims.html" if of_papers else "results/claims.html"

    def _targets(self, wildcards: Wildcards) -> list[str]:
        """Return what a page shows: `run:` for the index, all papers' tables of a form, or its own."""
        if wildcards.page == "index":
            return list(self.plan.config["run"])
        return self._papers.pages.get(wildcards.page, [wildcards.page])

    def _of_page(self, wildcards: Wildcards) -> list[str]:
        return [name for name in self._targets(wildcards) if name in self.plan.tables]

    def _papers_of_page(self, wildcards: Wildcards) -> list[str]:
        return [name for name in self._targets(wildcards) if name in self.plan.paper_tables]

    def _figures(self, wildcards: Wildcards) -> dict[str, str]:
        """Return name -> title of the papers' figures of a page: those whose experiments all stand in its papers'
        tables."""
        shown = {name for table in self._papers_of_page(wildcards) for name in self.plan.experiments_of(table)}
        every = {name for data in DATA for name in self._paper_figures(data)}
        return {
            name: figure["title"]
            for name, figure in self.plan.figures.items()
            if name in every and shown and shown.issuperset(figure["experiments"])
        }

    def _facts_of_table(self, table: str) -> dict[str, Any]:
        """Return the title, data, methods and batches of a table."""
        title, runs = self.plan.tables[table]["title"], self.plan.runs_of(table)
        return self._facts(title, runs, self._tables.batches_of(table))

    def _facts_of_paper_table(self, table: str) -> dict[str, Any]:
        """Return the same of a paper's table, for what there is data for."""
        runs = self._papers.runs_at_hand(table)
        batches = [path for run in runs for path in self.plan.batch_files(run)]
        return self._facts(self._papers.title_of(table), runs, batches)

    def _facts(self, title: str, runs: Sequence[Run], batches: list[str]) -> dict[str, Any]:
        """Return what a page says of some runs, and where their batches lie."""
        data = [self._data_of(experiment, network) for experiment, network, _ in runs]
        methods = [self.plan.title_of(method) for _, _, method in runs if method in self.plan.trained()]
        return {
            "title": title,
            "data": "; ".join(dict.fromkeys(data)) or "none at hand",
            "methods": list(dict.fromkeys(methods)),
            "untrained": self.plan.sanity_rows(),
            "batches": batches,
        }

    def _data_of(self, experiment: str, network: str) -> str:
        card = modules.data_card(self.plan.source_of(experiment))
        return f"{card['title']}, split {self.plan.experiments[experiment]['split']}, {network}"


def _named(kinds: Iterable[str], tables: Sequence[str]) -> list[str]:
    return [f"{kind}_{table}" for table in tables for kind in kinds]


def made(results: Path = Path("results")) -> list[str]:
    """Return the pages and tables that are there."""
    found = [path for folder in ("report", "tables") for path in sorted(results.joinpath(folder).glob("*"))]
    return [str(path) for path in found if path.suffix in {".html", ".md"}]
