"""A view: one thing that a reader is shown of a table. Each stands in one file, and all else follows from that file.

A file `tables/views/<name>.py` or `figures/views/<name>.py` assigns `VIEW = View(…)`. What `build` makes of what is
`Given`, a `Sheet` or a `Picture`, is written in each of its forms; the page, `snakemake --report`, the list of results
and docs/views.md show it. Everything but the functions must be written out: the plan reads it as text.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from softbench.datasets.prepare import doubts
from softbench.errors import InputError
from softbench.jobs import storage
from softbench.tables import assemble, rankings, tuning_records
from softbench.tables.assemble import OF_ENSEMBLES, RAW, Evidence, Runs
from softbench.tables.cells import Table
from softbench.tables.rankings import Ranking
from softbench.tables.sheet import Sheet
from softbench.tables.table import scaled_rows

VERSION = 1


class GivenError(InputError):
    """The runs of a table cannot be read: none of its views is made, and those of before stay."""


class Given:
    """What the views of a table are made from: read when first asked for, and once for all of them.

    Attributes:
        table: its key.
        settings: what decides it besides its scores: `title`, `methods`, `columns`, `policy` …
        needs: need -> what the plan says of it. `scores`: paths of `batches`; `ensembles`: paths of their records;
            `predictions`: those that were asked for; `margins`: metric -> margin; `split`: path; `soft_labels`: `data`
            (path of the data set), `rows` (`title` and `manifest` each) and `title`; `truth`: `columns` and `rows`;
            `costs`: what `cost_records.build` takes; `data`: paths of the manifests of its data sets;
            `segmentations`: panels, as `figures.case_rows` takes them; `tuning`: what `tuning_records.read` takes;
            `posthoc`: paths of the `records`, the `calibrations` and `decoders` that were asked for, and the
            `baseline`, a method or None.
    """

    def __init__(self, table: str, settings: Mapping[str, Any], needs: Mapping[str, Any]) -> None:
        """Read nothing yet."""
        self.table, self.settings, self.needs = table, settings, needs

    @property
    def title(self) -> str:
        """The table's title."""
        return str(self.settings["title"])

    @property
    def prediction(self) -> str:
        """Which prediction the table shows: raw, temperature, ensemble or ensemble_temperature."""
        return str(self.settings.get("prediction", RAW))

    @cached_property
    def all_runs(self) -> Runs:
        """All runs of the table, and every ensemble that it shows or its experiment asks for.

        Raises: GivenError: if a file of theirs is damaged, or every run failed.
        """
        batches, ensembles = (map(Path, self.needs[name]) for name in ("scores", "ensembles"))
        try:
            return assemble.read(batches, ensembles, self.prediction, scaled_rows(self.settings))
        except InputError as error:
            raise GivenError(str(error)) from error

    @cached_property
    def runs(self) -> Runs:
        """What the table itself shows: its runs, with ensembles only where it is a table of ensembles."""
        if self.prediction in OF_ENSEMBLES:
            return self.all_runs
        every = self.all_runs
        of_seeds = {key: bins for key, bins in every.reliability.items() if key[1] is not None}
        return Runs(every.scores, of_seeds, every.failed, temperatures=every.temperatures)

    @cached_property
    def notes(self) -> list[str]:
        """What is said below the table: what the plan knows, and what preparing found of the cases."""
        manifests = [storage.read_json(path) for path in map(Path, self.needs.get("data", ())) if path.is_file()]
        found = [f"{data['title']}: {said}" for data in manifests for said in doubts.sentences(data)]
        titles = {row["key"]: row["title"] for row in self.settings.get("methods", ())}
        chosen = tuning_records.chosen_sentence(map(Path, self.needs.get("scores", ())), titles)
        return [*self.settings.get("notes", ()), *chosen, *dict.fromkeys(found)]

    @cached_property
    def evidence(self) -> Evidence:
        """The table with the scores that it is made of."""
        return assemble.weigh(self.runs, {**self.settings, "notes": self.notes})

    @property
    def shown(self) -> Table:
        """The table as numbers."""
        return self.evidence.table

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """Its methods ranked by each column, and over redrawn cases."""
        return rankings.rankings(self.evidence)


@dataclass(frozen=True)
class Picture:
    """A figure (matplotlib's) and its caption."""

    figure: Any
    caption: str


@dataclass(frozen=True)
class View:
    """What a reader is shown of a table.

    name: of the view. Its files are called `{name}_{table}`, or after `file`, where `{table}` stands for the table.
    title: its heading on the page; views of one title stand together.
    caption: what it shows, in a sentence or two, for lists of results.
    build: makes it of what is given.
    needs: what of `Given` it is made from, besides the table's settings; a view is made again when these change.
    applies: says why it cannot be made for a table ("the data have no patients"); empty where it can.
    reads: further files that it reads, e.g. the provenance beside a run, which is no input of a job; and folders of
        which it reads the sizes of files.
    folded: whether the page shows it closed.
    of: the kinds of tables that have it: "methods" (methods by columns) and "paper" (ours beside the printed numbers).
    place: where it stands on the page, lower first.
    """

    name: str
    title: str
    caption: str
    build: Callable[[Given], Sheet | Picture]
    needs: tuple[str, ...] = ("scores",)
    applies: Callable[[Given], str] = lambda given: ""
    reads: Callable[[Given], Iterable[Path]] = lambda given: ()
    folded: bool = False
    file: str = ""
    of: tuple[str, ...] = ("methods",)
    place: int = 50
