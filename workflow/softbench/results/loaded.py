"""A folder of results: its tables, scores, differences and diagrams, each read when it is asked for."""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.errors import InputError, counted
from softbench.results import diagrams, files, runs
from softbench.results.differences import differences
from softbench.results.shown import Diagram, Shown, styled
from softbench.tables.assemble import Statistics

VERSION = None  # reads numbers


def load(folder: str | os.PathLike[str] = "results") -> "Results":
    """Return what a folder of results holds.

    Args:
        folder: `results` of the workflow, or what `softbench score --output` wrote.
    Returns: its tables, scores and diagrams, which are read when they are asked for. No file is written, and no
        statistic is computed again: the numbers are those of the tables' csv files.
    Raises: InputError: if there is no such folder, or it holds no table.

    >>> import tempfile
    >>> import softbench
    >>> folder = softbench.results.example(tempfile.mkdtemp())  # two methods, three seeds
    >>> results = softbench.load(folder)
    >>> list(results.tables)
    ['scores', 'structures']
    >>> frame = results.table("scores").frame
    >>> dsc = frame[frame["metric"] == "dsc"]
    >>> print(dsc[["method", "n_seeds", "n_cases", "n_undefined"]].to_string(index=False))
     method  n_seeds  n_cases  n_undefined
    one_hot        3        2            0
       svls        3        2            0
    >>> gaps = results.differences("scores", metrics=["dsc", "tace"])
    >>> print(gaps.frame[["method", "metric", "control", "beyond_noise"]].to_string(index=False))
    method metric control  beyond_noise
      svls    dsc one_hot         False
      svls   tace one_hot          True
    >>> results.scores(metric="dsc", structure="tumour", seed=0, method="svls")["case"].tolist()
    ['phantom_kidney_000', 'phantom_kidney_001']
    """
    results = Results(Path(folder))
    files.require_results(results.folder)
    return results


class Results:
    """What a folder of results holds. A notebook shows the names of its tables, and each table as on its page.

    Tables are asked for by name, e.g. `results.table("hippocampus")`; without a name the only one, or the first of
    `softbench score`, is meant.
    """

    def __init__(self, folder: Path) -> None:
        """Read nothing yet."""
        self.folder = folder

    @cached_property
    def tables(self) -> dict[str, str]:
        """Name -> title of each table of methods. `table` reads their other views, too, e.g. "statistics_hippocampus"."""
        return files.list_tables(self.folder)

    def table(self, name: str | None = None) -> Shown:
        """Return a table as it was made: means, ± over seeds, counts of undefined values, and differences to controls.

        Raises: InputError: if there is no such table (it names those there are), or it could not be made (it says why).
        """
        return files.read_table(self.folder, self._name(name))

    def differences(
        self, name: str | None = None, *, methods: Sequence[str] | None = None, metrics: Sequence[str] | None = None
    ) -> Shown:
        """Return the differences to the control, a line each: interval, p, and p after Holm's adjustment.

        Args:
            name: of the table.
            methods, metrics: keys of those to show; all where they are left out. The adjustment stays that of the table.
        Raises: InputError: as `table`, and where the table compares nothing.
        """
        return differences(files.read_methods(self.folder, self._name(name)), methods, metrics)

    def scores(self, name: str | None = None, **where: Any) -> pd.DataFrame:
        """Return raw scores: a row for each experiment, method, seed, case, rater, structure, metric and region.

        Args:
            name: of a table, whose runs are read; without it all scores of the folder, as in its `scores.parquet`.
            where: a value of a column, or several: `metric="dsc"`, `method=["one_hot", "svls"]`.
        Returns: values as they were measured: `inf` where one mask is empty, NaN where both are.
            `statistics.apply_policy` settles them as tables do.
        Raises: InputError: if there is no such table, column or value, or the file is missing.
        """
        if name is None or not runs.is_of_workflow(self.folder):
            if name is not None:
                self._require(name)
            return files.choose(runs.read_scores(self.folder), where)
        self._require(name)
        return files.choose(runs.scores_of_table(self.folder, name), where)

    def reliability(
        self, name: str | None = None, *, methods: Sequence[str] | None = None, region: str | None = None
    ) -> Diagram:
        """Return reliability diagrams of a table's methods: how often a prediction is right against how sure it is.

        Args:
            name: of the table.
            methods: keys, in the order to show; all trained ones where they are left out.
            region: "all", "foreground" or "band"; all of them where it is left out.
        Returns: the picture, and its bins as `frame`: a row for each method, seed, region and bin.
        Raises: InputError: as `table`; if a method or region has no probabilities. ModuleNotFoundError: without
            matplotlib and seaborn, which `pip install 'softlabelbench[figures]'` installs.
        """
        title, statistics, known = self._reliability(self._name(name))
        return diagrams.reliability(title, statistics, _choose(known, methods), region)

    def training(self, name: str | None = None, *, methods: Sequence[str] | None = None) -> Diagram:
        """Return how a table's methods were trained: loss, validation DSC and learning rate by step, a line a seed.

        Args: name, methods: as `reliability`.
        Raises: InputError: as `table`; for results of `softbench score`, which trains nothing. ModuleNotFoundError: as
            `reliability`.
        """
        if not runs.is_of_workflow(self.folder):
            raise InputError(f"{self.folder} holds scores of finished predictions; how they were trained is not known.")
        given = runs.of_table(self.folder, self._require(self._name(name)))
        known = [method for method in runs.trained(given) if not method.get("scaled")]
        return diagrams.training(given, _choose(known, methods))

    def _reliability(self, name: str) -> tuple[str, Statistics, list[dict[str, Any]]]:
        """Return a table's title, its bins, and the methods that may be shown."""
        self._require(name)
        if runs.is_of_workflow(self.folder):
            given = runs.of_table(self.folder, name)
            known = runs.trained(given)  # before the files are read
            return given.title, given.runs.reliability, known
        read = runs.of_score(self.folder)
        measured = {key[0] for key in read.reliability}
        keys = [key for key in dict.fromkeys(read.scores["method"]) if key in measured]
        return self.tables[name], read.reliability, [{"key": key, "title": key} for key in keys]

    def _name(self, name: str | None) -> str:
        if name is not None:
            return name
        if len(self.tables) > 1 and files.MAIN not in self.tables:
            raise InputError(f"name a table of {self.folder}: {', '.join(self.tables)}.")
        return next(iter(self.tables))

    def _require(self, name: str) -> str:
        if name not in self.tables:
            raise InputError(f"{self.folder} has no table of methods {name!r}. It has: {', '.join(self.tables)}.")
        return name

    def __repr__(self) -> str:
        count = counted(len(self.tables), "table")
        return "\n".join([f"{self.folder}: {count}", *(f"  {name}: {title}" for name, title in self.tables.items())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{escape(title)}</td></tr>'
            for name, title in self.tables.items()
        )
        head = '<tr><th scope="row">Table</th><td>Title</td></tr>'
        caption = f"<figcaption><strong>{escape(str(self.folder))}</strong></figcaption>"
        table = f'<table class="wraps"><thead>{head}</thead><tbody>{rows}</tbody></table>'
        return styled(f'<figure class="scores">{caption}{table}</figure>')


def _choose(known: Sequence[Mapping[str, Any]], keys: Sequence[str] | None) -> list[Mapping[str, Any]]:
    """Return the methods of these keys, in their order; all without keys."""
    of_key = {method["key"]: method for method in known}
    wanted = [keys] if isinstance(keys, str) else list(of_key) if keys is None else list(keys)
    if unknown := [key for key in wanted if key not in of_key]:
        raise InputError(f"there is no diagram of {', '.join(map(str, unknown))}; there is of: {', '.join(of_key)}.")
    return [of_key[key] for key in wanted]
