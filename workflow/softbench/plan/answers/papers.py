"""What papers.smk asks: runs beside the numbers of a paper's table, what is missing, and what is said below."""

import csv
import functools
import itertools
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbench import known_cases, leaks, length
from softbench.plan import modules, paths, shown
from softbench.plan.calls import Wildcards, by, pattern, stops
from softbench.plan.code.stages import Stages
from softbench.plan.forms import CHOICES_OF_REHEARSAL, rehearsal_title
from softbench.plan.paths import Run
from softbench.plan.plan import Plan

if TYPE_CHECKING:
    from softbench.papers.published.reports import Report
    from softbench.papers.published.tables import PublishedTable

Block = Mapping[str, Any]
CHOICE = "Our choice: {}"  # where the paper leaves something open
FETCH = "snakemake --cores 4 {manifest}"
PRINTED = sorted(f"published/{path.name}" for path in (modules.PACKAGE.parent / "published").glob("*.yaml"))
RUN = "snakemake --cores all {table}"
RUN_CLAIMS = "snakemake --cores all results/paper_tables{form}/claims.md"  # with what no table asks for
AUTO = (
    "Our choice: `precision: auto`, activations in bfloat16 on a GPU that has it and in float32 elsewhere, weights "
    "always in float32; the paper names no precision. `precision: fp32` in the protocol keeps all in float32."
)
SET = "Activations are in {}, as `precision` in the protocol says."
LEAKS = (
    "Split `{split}` of {dataset} (`leaks: {what}`): {what} were split, not patients. A patient may be in training and "
    "test, so the scores flatter."
)
PSEUDO_RATERS = "Pseudo-raters: {}."
UNKNOWN = "PATIENTS_UNKNOWN"  # a constant of sources
NO_PATIENTS = (
    "Split `{split}` of {dataset}: the publisher tells no patients, so each case counts as one; {why}. Parts may share "
    "patients, which would flatter the scores."
)
SELECTS = {  # what is said of a split, by the part of its selecting cases
    "train+val": (
        "Split `{split}` of {dataset}: weights and temperature are chosen on some of the training cases: there is no "
        "validation part. A network fits cases that it was trained on too well, so the temperature is too low."
    ),
    "val+test": (
        "Split `{split}` of {dataset}: weights and temperature are chosen on the test cases, so the scores flatter."
    ),
}
NAMES = {"fp32": "float32", "bf16": "bfloat16"}


class Papers:
    """Answers to rules about papers' tables and claims; the attributes constrain {table} and {page}."""

    def __init__(self, plan: Plan, stages: Stages) -> None:
        """Read which tables of papers there are, and which pages show them all."""
        self.plan, self._stages = plan, stages
        self.names = pattern(plan.paper_tables)
        self.pages = {
            f"paper_tables{plan.form_of(data)}": plan.papers_of(data) for data in ("published", "open", "phantom")
        }
        self.page_names = pattern(self.pages)
        self.printed = [f"workflow/{path}" for path in PRINTED]

    def settings(self, name: str) -> dict[str, Any]:
        """Return what decides a paper's table besides its scores."""
        table = self.plan.paper_tables[name]
        return {
            "published": table["published"],
            "policy": table.get("policy", "diagonal"),
            "grid": table.get("grid", "full"),
            "titles": self._titles(table),
            "notes": self._notes(table),
            "is_rehearsal": self.is_rehearsal(name),
            "blocks": [self._block(table, block) for block in table["blocks"]],
            **({"pseudo_raters": True} if self.plan.pseudo_raters(self.plan.experiments_of(name)) else {}),
        }

    def is_rehearsal(self, name: str) -> bool:
        """Return whether a table shows runs on phantoms, whose numbers mean nothing."""
        return bool(self.plan.paper_tables[name]["is_rehearsal"])

    def printed_file(self, table: str) -> tuple[str]:
        """Return the file of the printed numbers of a paper's table."""
        return (f"published/{self.plan.paper_tables[table]['published'].rpartition('_')[0]}.yaml",)

    @by("table")
    def batches(self, name: str) -> list[str]:
        """Return the manifests of all batches of a paper's table; one batch may serve several blocks."""
        return self._list_batches(self.runs_at_hand(name))

    @by("table")
    def data(self, name: str) -> list[str]:
        """Return the manifests of the data sets of a paper's table that there is data for."""
        return paths.once(paths.dataset(self.plan.dataset_of(name)) for name in self.experiments_at_hand(name))

    def runs_at_hand(self, name: str) -> list[Run]:
        """Return the runs that stand beside a table's printed rows, where there is data."""
        table = self.plan.paper_tables[name]
        return list(dict.fromkeys(run for block in table["blocks"] for run in self._runs(table, block)))

    def title(self, name: str) -> str:
        """Return the authors, the year and the number of the printed table; of a rehearsal, that it is one."""
        from softbench.papers import published

        printed = published.name_of(printed_table(self.plan.paper_tables[name]["published"]))
        return rehearsal_title(printed) if self.is_rehearsal(name) else printed

    def experiments_at_hand(self, name: str) -> list[str]:
        """Return the experiments of a paper's table that there is data for."""
        named = [block["experiment"] for block in self.plan.paper_tables[name]["blocks"]]
        return [experiment for experiment in named if not self.plan.missing(experiment)]

    def as_they_are(self, wildcards: Wildcards) -> list[dict[str, Any]]:
        """Return what decides the papers' tables, with the runs that lie there and no others.

        Claims train nothing; where data is or could be had is no matter.
        """
        return [self._with_runs(name, only_there=True) for name in self.plan.papers_of(self.plan.config["data"])]

    def reports(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return our runs beside each claim from elsewhere that lie there; none in a rehearsal, as they are of no
        phantom, nor where config lacks the experiment or a method."""
        from softbench.papers.published.reports import reports

        if self.plan.config["data"] == "phantom":
            return {}
        return {report.key: found for report in reports() if (found := self._beside(report))}

    def _beside(self, report: "Report") -> dict[str, Any]:
        name = report.experiment
        methods = (report.method.name, report.control.name)
        if name not in self.plan.experiments or not {*methods} <= {*self.plan.methods_of(name)}:
            return {}
        (network,) = self.plan.experiments[name]["networks"]
        batches = {method: paths.there(self.plan.batch_files((name, network, method))) for method in methods}
        return {"batches": batches, "data": self.plan.dataset_of(name), "command": RUN.format(table=name)}

    def in_full(self, wildcards: Wildcards) -> list[dict[str, Any]]:
        """Return what decides the papers' tables of a page, with all their runs."""
        return [self._with_runs(name, only_there=False) for name in self.pages[wildcards.page]]

    def all_batches(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of all batches of the papers' tables of a page, and of what its claims need besides."""
        blocks = [block for table in self.in_full(wildcards) for block in table["blocks"]]
        return paths.once(path for block in blocks for path in (*block["batches"], *block["unprinted"]))

    def hashes(self, wildcards: Wildcards) -> dict[str, str]:
        """Return what the runs that lie there hold, so that others are judged anew."""
        from softbench.jobs import pieces

        blocks = [block for table in self.as_they_are(wildcards) for block in table["blocks"]]
        beside = [batches for known in self.reports(wildcards).values() for batches in known["batches"].values()]
        of_papers = (path for block in blocks for path in (*block["batches"], *block["unprinted"]))
        found = paths.once([*of_papers, *itertools.chain(*beside)])
        return {path: pieces.hash_file(Path(path)) for path in found}

    def _notes(self, table: Block) -> list[str]:
        experiments = list(dict.fromkeys(block["experiment"] for block in table["blocks"]))
        sources = dict.fromkeys(self.plan.source_of(name) for name in experiments if not self.plan.missing(name))
        return [
            *([CHOICES_OF_REHEARSAL] if table["is_rehearsal"] else []),
            *map(CHOICE.format, table.get("choices", {}).values()),
            *map(CHOICE.format, setting_notes(self.plan, table.get("choices_by_setting", {}), experiments)),
            *pseudo_rater_notes(self.plan, experiments),
            *split_notes(self.plan, experiments),
            *precision_notes(self.plan, experiments),
            *map(modules.licence_note, sources),
        ]

    def _block(self, table: Block, block: Block) -> dict[str, Any]:
        """Return what `papers.comparison.blocks.read` needs of a block."""
        name = block["experiment"]
        experiment = self.plan.experiments[name]
        methods = [method for _, _, method in self._printed_runs(table, block)]
        return {
            **{key: block[key] for key in ("printed", "arm", "surrogate", "same_cases")},
            "data": experiment["dataset"],
            "structures": experiment.get("structures", {}),
            "composites": experiment.get("composites", {}),
            "command": FETCH.format(manifest=paths.raw(self.plan.source_of(name))),
            "missing": self.plan.missing(name),
            "batches": self._list_batches(self._runs(table, block)),
            "methods": methods,
            "scaled": self._scaled(table, block),
            "pick": shown.pick_settings(self.plan, block),
            "lengths": lengths(self.plan, name, methods),
        }

    def _runs(self, table: Block, block: Block) -> list[Run]:
        """Return the runs that stand beside a block's printed rows; none where data is missing."""
        return [] if self.plan.missing(block["experiment"]) else self._printed_runs(table, block)

    def _printed_runs(self, table: Block, block: Block) -> list[Run]:
        """Return the runs of a block's printed rows and variants, and of those that validation picks rows from.

        Whether there is data for them or not.
        """
        experiment = block["experiment"]
        cells = printed_table(table["published"]).cells
        printed = dict.fromkeys([*(cell.place.method for cell in cells), *block["variants"]])
        run = self.plan.methods_of(experiment)
        (network,) = self.plan.experiments[experiment]["networks"]
        return [(experiment, network, method) for method in shown.picked_methods(block, printed) if method in run]

    def _list_unprinted_runs(self, table: Block, block: Block) -> list[Run]:
        """Return the runs that claims without printed numbers need of a block's experiment, with data for it or not."""
        from softbench.papers.published import unprinted

        experiment = block["experiment"]
        wanted = unprinted.methods(table["published"], block["printed"], block["arm"])
        run = self.plan.methods_of(experiment)
        (network,) = self.plan.experiments[experiment]["networks"]
        return [(experiment, network, method) for method in wanted if method in run]

    def _list_batches(self, runs: Iterable[Run]) -> list[str]:
        return paths.once(path for run in runs for path in self.plan.batch_files(run))

    def _with_runs(self, name: str, *, only_there: bool) -> dict[str, Any]:
        """Return what decides a paper's table but its notes, with all its batches, or those that lie there.

        A block without runs says so, and which command makes them.
        """
        table, chosen = self.plan.paper_tables[name], self.settings(name)
        unrun = {"missing": "nothing was run yet", "command": RUN.format(table=name)}
        blocks = []
        for block, known in zip(table["blocks"], chosen["blocks"], strict=True):
            runs = self._printed_runs(table, block)
            batches = paths.there(self._list_batches(runs)) if only_there else known["batches"]
            asked = only_there or not self.plan.missing(block["experiment"])
            unprinted = self._list_batches(self._list_unprinted_runs(table, block)) if asked else []
            more = {"batches": batches, "unprinted": paths.there(unprinted) if only_there else unprinted}
            blocks.append({**known, "scaled": {}, **more, **({"missing": None} if batches else unrun)})
        titles = {key: title for key, title in chosen["titles"].items() if not key.endswith(shown.SIGN)}
        kept = ("published", "policy", "grid", "is_rehearsal")
        command = RUN_CLAIMS.format(form=name.removeprefix(table["published"]))
        return {key: chosen[key] for key in kept} | {"titles": titles, "blocks": blocks, "claims": command}

    def _scaled(self, table: Block, block: Block) -> dict[str, str]:
        """Return the further row of a block: its first printed method, the baseline, at its own temperature."""
        makes = self.plan.experiments[block["experiment"]]["scoring"].get("temperature")
        return {method: method + shown.SIGN for _, _, method in self._runs(table, block)[:1] if makes}

    def _titles(self, table: Block) -> dict[str, str]:
        """Return the titles of a paper's rows: of the methods that it prints or shows, in the order of config, then of
        those that rows are picked from, then of the further rows."""
        printed = {cell.place.method for cell in printed_table(table["published"]).cells}
        experiments = [block["experiment"] for block in table["blocks"]]
        methods = {method for name in experiments for method in self.plan.methods_of(name)} | printed
        titles = {name: self.plan.title_of(name, experiments) for name in self.plan.methods if name in methods}
        for block in table["blocks"]:
            titles |= shown.picked_titles(self.plan, block)
        scaled = {method: key for block in table["blocks"] for method, key in self._scaled(table, block).items()}
        return titles | {key: shown.TITLE.format(self.plan.title_of(method)) for method, key in scaled.items()}


@functools.cache
@stops
def printed_table(key: str) -> "PublishedTable":
    """Return a printed table, by its key."""
    from softbench.papers import published

    return published.read(key)


def lengths(plan: Plan, experiment: str, methods: Sequence[str]) -> list[dict[str, Any]]:
    """Return how long the methods of an experiment train: those of one length together.

    Returns: `methods` (keys), `titles`, and `length` (the fields of `length.Length`), whose steps and cases are None
        where they follow from a split that is made from the data.
    """
    methods_by_length: dict[length.Length, list[str]] = {}
    cases = training_cases(plan, experiment)
    for method in methods:
        methods_by_length.setdefault(length.of(plan.protocol_of(experiment, method), cases), []).append(method)
    return [
        {"methods": names, "titles": [plan.methods[name]["title"] for name in names], "length": asdict(steps)}
        for steps, names in methods_by_length.items()
    ]


def training_cases(plan: Plan, experiment: str) -> int | None:
    """Return the training cases of a split that comes with the suite; None where it is made from the data."""
    split = committed_split(plan, experiment)
    return None if split is None else sum("train" in part.split("+") for part in split[1])


def committed_split(plan: Plan, experiment: str, splits: Path = paths.SPLITS) -> tuple[str, list[str]] | None:
    """Return what a split that comes with the suite leaks, and the part of each case; None where data makes it."""
    chosen = plan.experiments[experiment]
    path = splits / chosen["dataset"] / f"{chosen['split']}.csv"
    return _read_split(path, excluded_cases(plan, experiment)) if path.exists() else None


def excluded_cases(plan: Plan, experiment: str) -> set[str]:
    """Return the known cases that the data set of an experiment leaves out."""
    own = plan.datasets[plan.dataset_of(experiment)].get("known_cases")
    return known_cases.excluded(known_cases.actions(plan.source_of(experiment), own))


def used_split(plan: Plan, experiment: str) -> tuple[str, list[str]]:
    """Return what the split of an experiment leaks, and its parts: of the file that is used, else of its source's rule.

    The file is the committed one, or the one that was made of the data, which a user may have changed.
    """
    chosen = plan.experiments[experiment]
    file = Path(plan.split_of(experiment))
    found = committed_split(plan, experiment) or (_read_split(file, set()) if file.exists() else None)
    rule = modules.published_splits(plan.source_of(experiment)).get(chosen["split"], {})
    return found or (rule.get("leaks", ""), list(rule))


def _read_split(path: Path, out: Container[str]) -> tuple[str, list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    said = leaks.of_line(lines[0]) if lines else ""
    rows = csv.DictReader(lines[bool(said) :])
    return said, [row.get("part", "") for row in rows if row.get("case") not in out]


def setting_notes(plan: Plan, said: Mapping[str, Mapping[str, str]], experiments: Iterable[str]) -> list[str]:
    """Return what is said of settings of the experiments' data sets, each once.

    Args: said: setting -> its value -> the words. A data set whose source has no such setting, as a phantom, has none.
    """
    sets = [plan.datasets[plan.experiments[name]["dataset"]] for name in experiments]
    full = [modules.constant_of_source(dataset["source"], "SETTINGS", {}) | dataset for dataset in sets]
    words = [by_value.get(str(dataset.get(setting))) for setting, by_value in said.items() for dataset in full]
    return list(dict.fromkeys(word for word in words if word))


def pseudo_rater_notes(plan: Plan, experiments: Iterable[str]) -> list[str]:
    """Return what is said of raters that are not persons."""
    return [PSEUDO_RATERS.format(why) for why in plan.pseudo_raters(experiments)]


def split_notes(plan: Plan, experiments: Iterable[str]) -> list[str]:
    """Return what is said of splits that leak patients or may, or select on cases that train or test; each once."""
    return list(dict.fromkeys(note for name in experiments for note in _split_notes(plan, name)))


def _split_notes(plan: Plan, experiment: str) -> Iterator[str]:
    names = {"dataset": plan.dataset_of(experiment), "split": plan.experiments[experiment]["split"]}
    what, parts = used_split(plan, experiment)
    if what:
        yield LEAKS.format(what=what, **names)
    if not plan.missing(experiment) and (why := modules.constant_of_source(plan.source_of(experiment), UNKNOWN, "")):
        yield NO_PATIENTS.format(why=why, **names)
    for part in SELECTS:
        if part in parts:
            yield SELECTS[part].format(**names)


def precision_notes(plan: Plan, experiments: Iterable[str]) -> list[str]:
    """Return what is said of the precision in which the experiments train, each sentence once."""
    wished = [plan.protocols[plan.experiments[name]["protocol"]].get("precision", "auto") for name in experiments]
    return [AUTO if precision == "auto" else SET.format(NAMES[precision]) for precision in dict.fromkeys(wished)]
