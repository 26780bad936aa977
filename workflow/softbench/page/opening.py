"""What stands first on the page: what was run, what the tables say, and why calibration stands over three regions."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.jobs import pieces, storage
from softbench.metrics import catalogue
from softbench.page.page import environment
from softbench.tables.cells import Failure
from softbench.tables.layout import REGIONS
from softbench.tables.sheet import NOTHING


@dataclass(frozen=True)
class Answer:
    """Verdicts of one table: a line of `better` or `worse` names methods and their columns; `quiet` ones have neither.

    `tests` is the size of Holm's family; 0 where one run per method, or ensembles, allow no test.
    """

    methods: int
    seeds: int
    tests: int
    better: tuple[str, ...]
    worse: tuple[str, ...]
    quiet: tuple[str, ...]


def answer(numbers: pd.DataFrame) -> Answer:
    """Read the answer from the csv of a table (`tables.views.results.COLUMNS`): what is beyond noise there.

    A method is compared where it has a control. Better and worse are read off the sign of the difference.
    """
    compared = numbers[numbers["control"].notna() & numbers["difference"].notna()]
    tested = compared[compared["p_holm"].notna()]
    sure = tested[tested["beyond_noise"].astype(bool) & (tested["better"] != "neither")]
    up = (sure["difference"] > 0) == (sure["better"] == "higher")
    names = _column_names(numbers)
    titles = list(dict.fromkeys(tested["title"]))
    return Answer(
        methods=compared["method"].nunique(),
        seeds=int(compared["n_seeds"].max()) if len(compared) else 0,
        tests=len(tested),
        better=_lines(sure[up], names),
        worse=_lines(sure[~up], names),
        quiet=tuple(title for title in titles if title not in set(sure["title"])),
    )


def _column_names(numbers: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """Return a name for each column: the metric, with region and structure where the table has several."""
    columns = list(dict.fromkeys(_place(row) for row in numbers.to_dict("records")))
    structures = {structure for structure, _, _ in columns} - {"all"}
    names = {}
    for structure, metric, roi in columns:
        regions = {column[2] for column in columns if column[1] == metric}
        region = f" ({REGIONS.get(roi, roi)})" if regions != {"all"} else ""
        of = f"{structure} " if len(structures) > 1 and structure != "all" else ""
        names[structure, metric, roi] = of + catalogue.describe(metric).name + region
    return names


def _place(row: dict[object, str]) -> tuple[str, str, str]:
    return row["structure"], row["metric"], row["roi"]


def _lines(rows: pd.DataFrame, names: dict[tuple[str, str, str], str]) -> tuple[str, ...]:
    """Return a line for each set of columns that methods share: "LS (0.1), LS (0.2): NLL, Brier"."""
    columns: dict[str, list[str]] = {}
    for row in rows.to_dict("records"):
        columns.setdefault(row["title"], []).append(names[_place(row)])
    methods: dict[str, list[str]] = {}
    for title, measured in columns.items():
        methods.setdefault(", ".join(measured), []).append(title)
    return tuple(f"{', '.join(titles)}: {measured}" for measured, titles in methods.items())


COMMIT = re.compile(r"\b([0-9a-f]{12})[0-9a-f]*")  # characters of a commit that a reader sees; what follows is kept


@dataclass(frozen=True)
class Ledger:
    """Runs of some batches: `done` ones, `failed` ones, and the circumstances of those done, each once and sorted."""

    done: int = 0
    seeds: tuple[int, ...] = ()
    failed: tuple[Failure, ...] = ()
    days: tuple[str, ...] = ()
    commits: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """The days on which runs began: one, or first and last; empty where no record lies beside the runs."""
        return " to ".join(dict.fromkeys([*self.days[:1], *self.days[-1:]]))


def read(batches: Iterable[Path], untrained: Collection[str] = ()) -> Ledger:
    """Read batch manifests and, beside them, each seed's provenance; a record that is missing is left out.

    Args:
        batches: paths of `batch-<n>.json`, or of what lists several.
        untrained: methods that are scored and not trained; they are no runs.
    """
    done: list[Path] = []
    failed: list[Failure] = []
    for batch in pieces.read_joint(batches):
        method = batch.content["run"]["method"]
        for seed, outcome in ({} if method in untrained else batch.content["seeds"]).items():
            if outcome["status"] == "failed":
                failed.append(Failure(method, int(seed), outcome["reason"]))
            else:
                done.append(batch.path.parent / f"seed-{seed}")
    there = [folder / "provenance.json" for folder in done]
    records = [storage.read_json(path, *storage.lists_of(path.parent)) for path in there if path.exists()]
    return Ledger(
        done=len(done),
        seeds=tuple(sorted({int(folder.name.removeprefix("seed-")) for folder in done})),
        failed=tuple(failed),
        days=tuple(sorted({record["began"][:10] for record in records})),
        commits=tuple(sorted({COMMIT.sub(r"\1", record["commit"]) for record in records})),
        machines=tuple(sorted({_machine(record) for record in records})),
    )


def _machine(record: dict[str, Any]) -> str:
    """Name the GPU, or the processor where there is none."""
    device = str(record["device"])
    return str(record.get("processor", device)) if device == "cpu" else device


WHY_REGIONS = (
    "Label smoothing and GeoLS teach a network to stay below a confidence of 1 \N{MINUS SIGN} α (C \N{MINUS SIGN} "
    "1)/C (α: the share given away, C: classes). Most voxels are background that any network gets right, so over all "
    "voxels that cap by itself works against the ECE, whatever the network has learnt. Where predictions do go wrong, "
    "in the foreground and in the band around the boundaries, the same cap may hurt or help, and the order of the "
    "methods can turn round: hence all three regions side by side."
)
NO_TEST = "One {what} per method: nothing tells how large a difference noise alone would make."


@dataclass(frozen=True)
class Shown:
    """A table in the opening: its address on the page, title, data set, trained methods' titles, runs, and answer.

    The papers' tables have no `answer`: each of their cells says where it stands against the printed number.
    """

    address: str
    title: str
    data: str
    methods: Sequence[str]
    runs: Ledger
    answer: Answer | None = None


def to_html(
    shown: Sequence[Shown], whole: Ledger, data: int, left: Sequence[str], rehearsals: Mapping[str, str]
) -> str:
    """Return the opening as a fragment of HTML; it says what is in the tables, and makes no claim of its own.

    Args:
        shown: the tables in order, the papers' last.
        whole: the runs of all of them, each once.
        data: number of data sets.
        left: titles of the tables that are not finished.
        rehearsals: page beside this one -> title.
    """
    template = environment().get_template("opening.html.j2")
    tables = [table for table in shown if table.answer]
    return template.render(
        shown=shown, tables=tables, run=_run(shown, whole, data), summary=_summary(tables),
        regions=WHY_REGIONS, no_test=_no_test, facts=_facts, left=left, rehearsals=rehearsals,
    )  # fmt: skip


def _run(shown: Sequence[Shown], whole: Ledger, data: int) -> str:
    """Say in one sentence what was run; runs that several tables show count once."""
    if not (whole.done or whole.failed):
        return "Nothing was run: what stands below is printed in the papers."
    methods = _counted(len({method for table in shown for method in table.methods}), "trained method")
    seeds = f"seed{'' if len(whole.seeds) == 1 else 's'} {', '.join(map(str, whole.seeds))}"
    return f"{methods} on {_counted(data, 'data set')}, {seeds}: {_outcome(whole)}; {_circumstances(whole)}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _outcome(runs: Ledger) -> str:
    return f"{_counted(runs.done, 'run')} done, {len(runs.failed) or 'none'} failed"


def _circumstances(runs: Ledger) -> str:
    """Say when, on what and at which commit; what no record tells is left out."""
    commits = f"commit {', '.join(runs.commits)}" if runs.commits else ""
    parts = (runs.when, ", ".join(runs.machines), commits)
    return "; ".join(part for part in parts if part) or "no record of when and where"


def _summary(tables: Sequence[Shown]) -> str:
    """Say in one sentence in how many tables anything was better or worse than its control."""
    tested = [table for table in tables if table.answer and table.answer.tests]
    if not tested:
        return ""
    better, worse = (_count([getattr(table.answer, side) for table in tested]) for side in ("better", "worse"))
    return f"Is a method better than its control beyond noise, in any column? {better}. Worse? {worse}."


def _count(answers: Sequence[tuple[str, ...]]) -> str:
    """Say in how many tables there is anything; yes or no where there is one table."""
    count = sum(bool(lines) for lines in answers)
    if len(answers) == 1:
        return "Yes" if count else "No"
    return f"In {count or 'none'} of {len(answers)} tables"


def _facts(table: Shown) -> Mapping[str, str]:
    """Return what was run for a table: name -> text."""
    runs = table.runs
    ran = bool(runs.done or runs.failed)
    return {
        "Data": table.data,
        "Methods": f"{len(table.methods)} trained",
        "Seeds": ", ".join(map(str, runs.seeds)) or NOTHING,
        "Runs": _outcome(runs) if ran else "not run",
        "When, where, commit": _circumstances(runs) if ran else NOTHING,
    }


def _no_test(table: Shown) -> str:
    """Say why a table has no test: one run, or one ensemble, per method."""
    return NO_TEST.format(what="run" if len(table.runs.seeds) < 2 else "ensemble")
