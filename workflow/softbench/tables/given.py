"""What the views of a table are made from: read when first asked for, and once for all of them."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.tables import assemble, rankings
from softbench.tables.assemble import OF_ENSEMBLES, RAW, Evidence, Runs
from softbench.tables.cells import Table
from softbench.tables.rankings import Ranking
from softbench.tables.table import scaled_rows

VERSION = 1


class GivenError(InputError):
    """The runs of a table cannot be read: none of its views is made, and those of before stay."""


class Given:
    """A table, by its settings in config, and where all that it may need lies.

    Attributes:
        table: its key.
        settings: what decides it besides its scores: `title`, `methods`, `columns`, `policy` …
        needs: need -> what the plan says of it. `scores`: paths of `batches`; `ensembles`: paths of their records;
            `predictions`: those that were asked for; `margins`: metric -> margin; `split`: path; `soft_labels`: `data`
            (path of the data set), `rows` (`title` and `manifest` each) and `title`; `truth`: `columns` and `rows`;
            `costs`: what `costs.table.build` takes; `segmentations`: panels, as `figures.case_rows` takes them.
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
        return Runs(every.scores, of_seeds, every.failed)

    @cached_property
    def evidence(self) -> Evidence:
        """The table with the scores that it is made of."""
        return assemble.weigh(self.runs, self.settings)

    @property
    def shown(self) -> Table:
        """The table as numbers."""
        return self.evidence.table

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """Its methods ranked by each column, and over redrawn cases."""
        return rankings.rankings(self.evidence)
