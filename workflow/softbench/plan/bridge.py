"""How Snakemake and the plan meet: a run begins, rule files are included, and the run says at its end what it made.

Called by plan.smk and the Snakefile. A view that failed leaves a sentence in the place of its files, and its job ends
well, so that the others stand. So the run itself says at its end which failed, and ends with an error, and the next run
tries again. The same for a table whose job broke off: Snakemake puts the files of the last good one back in place
(`update`), and takes them for new. Therefore the record of a table counts its attempts, which are a param of the job:
another attempt makes it run. That a job broke off is told by its mark, an output that Snakemake deletes when the job
begins.
"""

import atexit
import difflib
import os
import shutil
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from softbench.errors import InputError
from softbench.jobs import course, fork_server, kept, launch, logs, outputs, pieces
from softbench.plan import earlier, growing, own_imports, rule_files, views
from softbench.plan.answers.data import Data, SoftLabels
from softbench.plan.answers.figures import Figures
from softbench.plan.answers.order import Order
from softbench.plan.answers.pages import Pages
from softbench.plan.answers.papers import Papers
from softbench.plan.answers.rater_laboratory import RaterLaboratory
from softbench.plan.answers.rater_study import RaterStudies
from softbench.plan.answers.tables import Tables, Views
from softbench.plan.answers.teachers import Teachers
from softbench.plan.answers.train import Train
from softbench.plan.answers.tuning import Tuning
from softbench.plan.calls import Wildcards, stop, stops
from softbench.plan.code import deciding, record
from softbench.plan.code.graph import Code
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan

TABLES = Path("results", "tables")
MARKS = Path("results", "logs", "tables")
TARGETS = Path(".snakemake", "softbench", "targets.smk")  # rules of one line each, written anew at every call
TARGET = """rule {name}:
    input:
        plan.{answers}.of("{name}"),

"""


@dataclass(frozen=True)
class Answers:
    """What rules ask, by rule file; `plan` is what they are answered from."""

    plan: Plan
    stages: Stages
    data: Data
    soft_labels: SoftLabels
    train: Train
    tuning: Tuning
    teachers: Teachers
    tables: Tables
    papers: Papers
    views: Views
    figures: Figures
    pages: Pages
    rater_studies: RaterStudies
    laboratory: RaterLaboratory
    order: Order

    @stops
    def begin_jobs(self) -> None:
        """Stop where Slurm still has jobs of an earlier run of this folder; else start what jobs here are forks of, and
        say which tables the run is for, and on which page they will be."""
        launch.require_none_left(Path.cwd())
        fork_server.start()
        for line in growing.announced():
            print(line, flush=True)

    def end(self, *, well: bool = True) -> None:
        """Say at the end of a run what was asked for, if all jobs did well, and which views failed.

        Raises: SystemExit: if a view failed, so that the run ends with an error.
        """
        words = sys.argv[1:]
        asked = self._of_raters(words) or self.pages.asked(words)
        pages = [Path(path) for path in asked if path.endswith(".html") and not well]
        kept_lines = kept.settle(Path("results"), {page: self._shown_on(page) for page in pages})
        wrong = failed(since=growing.NOTE.stat().st_mtime)  # the note is written when a run begins
        try_again()
        outputs.end(Path("results"))
        for line in [*kept_lines, *lines(asked if well else (), wrong), *(() if well else (course.ending(),))]:
            print(line, flush=True)
        if wrong:
            sys.exit(1)

    def growing(self, words: Sequence[str]) -> dict[str, Any]:
        """Return the pages that grow in a run with these arguments, and what they show, by their paths."""
        return {} if self._of_raters(words) else self.pages.growing(words)

    def _of_raters(self, words: Sequence[str]) -> list[str]:
        """Return what was asked for of studies of raters, which make no table."""
        return self.laboratory.asked(words) or self.rater_studies.asked(words)

    def _shown_on(self, page: Path) -> list[Path]:
        """Return the files that a page is made of."""
        return [Path(path) for path in (*self.pages.batches(page.stem), *self.pages.files(page.stem))]

    def targets(self) -> list[str]:
        """Return the tables and collections, each of which is a target by its name."""
        return [*self.plan.tables, *self.plan.paper_tables, *self.plan.collections]

    def unknown_target(self, wildcards: Wildcards) -> NoReturn:
        """Stop at a target that does not exist; the message names those that do."""
        name = wildcards.no_such_target
        known = [*self.targets(), *self.rater_studies.targets, "all", "fetch", "paper_tables", "rater_study"]
        known.append("rater_laboratory")
        near = difflib.get_close_matches(name, known, 1)
        meant = earlier.target(name) or (f" Did you mean {near[0]!r}?" if near else "")
        stop(InputError(f"there is no target {name!r}; targets: {', '.join(sorted(known))}, or any file.{meant}"))


def answers(plan: Plan, own_rules: Iterable[str] = (), *, is_main: bool = True) -> Answers:
    """Return the answers to what rules ask of a plan.

    Args:
        plan: of config.
        own_rules: sources that have rules of their own, in files of a user's.
        is_main: whether this process plans jobs, and does not carry one out.
    """
    stages = Stages(Code(record.WORKFLOW, record.CACHE))
    data = Data(plan, stages, frozenset(own_rules), is_main=is_main)
    train, papers = Train(plan, stages, data), Papers(plan, stages)
    tables = Tables(plan, data, papers)
    of_views, figures = Views(plan, stages, tables, papers), Figures(plan, stages, train)
    pages = Pages(plan, tables, papers, of_views)
    raters, laboratory = RaterStudies(plan, stages), RaterLaboratory(plan, stages)
    tuning, teachers = Tuning(plan, stages, train), Teachers(plan, stages, data, train)
    shown = (tables, papers, of_views, figures, pages, raters, laboratory, Order(plan, tables))
    return Answers(plan, stages, data, SoftLabels(plan), train, tuning, teachers, *shown)


@stops
def read(workflow: Any, config: dict[str, Any]) -> Answers:
    """Begin a run or a job, read the plan, include the rule files of maps, recipes and own data sets, and the targets.

    Args:
        workflow: Snakemake's, whose config is filled.
        config: Snakemake's, for scripts: the circumstances in it change no number.
    Returns: what rules ask; the names that rule files of an earlier version used are defined besides.
    """
    root, is_main = Path(workflow.basedir), workflow.is_main_process
    is_run = is_main and launch.is_run(sys.argv[1:])
    _begin(root / "workflow", is_run=is_run, is_dry=is_main and launch.is_dry(sys.argv[1:]))
    if is_main:
        _check_profile(workflow, rule_files.find(root).names)
    given = workflow.config_settings
    plan = Plan.read(Path(), workflow.overwrite_configfiles, given.config_args or given.config)
    deciding.note_config(plan)
    config.clear()
    config.update(plan.config)
    rules = root / "workflow" / "rules"
    own = sorted((rules / "datasets").glob("*.smk"))
    replies = answers(plan, [path.stem for path in own], is_main=is_main)
    if is_main:
        own_imports.check(plan.found.recipes, replies.stages.code)
    workflow.globals.update(earlier.names(replies.soft_labels, replies.data, replies.stages.code), plan=replies)
    for kind in ("maps", "soft_labels"):
        _include(workflow, rule_files.check_names(rules / kind))
    _include(workflow, own)
    _keep_fetching_local(workflow)
    _check_recipes(workflow, replies)
    for rule in workflow.rules:  # so far those of recipes, maps and own data sets
        rule.priority = rule.priority or replies.order.of
    text = "".join(TARGET.format(name=name, answers="pages") for name in replies.targets())
    text += "".join(TARGET.format(name=name, answers="rater_studies") for name in replies.rater_studies.targets)
    if not TARGETS.exists() or TARGETS.read_text(encoding="utf-8") != text:
        pieces.write_text(TARGETS, text)
    _include(workflow, [TARGETS])
    if is_run:
        growing.begin(replies.growing(sys.argv[1:]))
    return replies


def _begin(workflow: Path, *, is_run: bool, is_dry: bool) -> None:
    logs.sign()
    logs.note_start()
    if shutil.which("softbench") is None:  # Snakemake was called by its path, and rules of programs call `softbench`
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    if is_run:
        told = launch.run(Path("results"), workflow, sys.argv[1:])
        atexit.register(outputs.forget, Path("results"))  # where nothing is to be done, `end` is not called
        kept.watch()
        course.watch()
        try_again()
        for line in [*told, *record.lines(Path("results"), Code(workflow, record.CACHE))]:
            print(line, file=sys.stderr)
    elif is_dry:
        for line in [*outputs.foretell(Path("results")), *record.lines(Path("results"), Code(workflow, record.CACHE))]:
            print(line, file=sys.stderr)


def _check_profile(workflow: Any, rules: Collection[str]) -> None:
    given, groups = workflow.resource_settings, workflow.group_settings
    named = {*given.overwrite_resources, *given.overwrite_threads, *groups.overwrite_groups}
    for line in rule_files.check_profile(named, rules):
        print(line, file=sys.stderr)


def _include(workflow: Any, paths: Iterable[Path]) -> None:
    """Include rule files, as `include:` does; one that cannot be read stops with its name and what is wrong."""
    for path in paths:
        try:
            workflow.include(str(path.absolute()))
        except Exception as error:
            raise rule_files.unreadable(path, error) from None


def _keep_fetching_local(workflow: Any) -> None:
    """Let rules of a user's own that fetch run where Snakemake does: nodes of a cluster rarely reach the internet."""
    workflow.localrules(*(rule.name for rule in workflow.rules if rule.name.startswith("fetch_")))


def _check_recipes(workflow: Any, replies: Answers) -> None:
    """Raise unless each rule `soften_<recipe>` and `map_<kind>` writes what its name says, and that alone."""
    from snakemake.io import strip_wildcard_constraints

    for rule in workflow.rules:
        start, _, name = rule.name.partition("_")
        outputs, file = list(map(strip_wildcard_constraints, rule.output)), Path(rule.snakefile)
        constraints, params = rule.wildcard_constraints, dict(rule.params.items())
        if start == "soften":
            expected = replies.soft_labels.keys(name)
            rule_files.check_recipe(name, file, outputs, constraints.get("soft_label"), expected, params)
        if start == "map":
            expected = replies.soft_labels.maps(name)
            rule_files.check_map(name, file, outputs, constraints.get("map"), expected, params)
        if start in ("soften", "map"):
            rule_files.check_params(file, Path(str(rule.script or "")).name, params)


@dataclass(frozen=True)
class Failed:
    """A view that could not be made: its table, its name, and why."""

    table: str
    view: str
    reason: str


def failed(tables: Path = TABLES, since: float = 0.0) -> list[Failed]:
    """Return the views that could not be made, table by table.

    Args:
        tables: folder of the records.
        since: seconds since 1970; a record from before is of a table that this run did not make.
    """
    records = [record for record in sorted(tables.glob("*.json")) if record.stat().st_mtime >= since]
    return [view for record in records for view in _failed_in(record)]


def _failed_in(record: Path) -> Iterator[Failed]:
    for module, view in views.read_record(record).get("views", {}).items():
        if view["state"] == "failed":
            room, _, stem = module.removeprefix("softbench.").rpartition(".views.")
            name = f"{room}/{stem}" if room else module.rpartition(".")[2]  # as in the log of its job: "tables/costs"
            yield Failed(record.stem, name, view["reason"])


def try_again(tables: Path = TABLES, marks: Path = MARKS) -> None:
    """Count one more attempt at each table of which a view failed, or whose job broke off; delete a damaged record."""
    for path in tables.glob("*.json"):
        content = views.read_record(path)
        if "views" not in content:
            path.unlink()
        elif any(_failed_in(path)) or not (marks / f"{path.stem}.done").exists():
            pieces.write_json(path, content | {"attempt": views.attempt(path) + 1})


def lines(asked: Iterable[str], wrong: Iterable[Failed]) -> list[str]:
    """Return what is said at the end of a run.

    Args:
        asked: files that a reader begins with: pages and tables that were asked for.
        wrong: views that could not be made.
    """
    there = [path for path in asked if Path(path).exists()]
    shown = ["Results:", *(f"  {path}" for path in there)] if there else []
    said = [f"  {view.table}, {view.view}: {view.reason}" for view in wrong]
    return [*shown, *(["Could not be made; the next run tries again:", *said] if said else [])]
