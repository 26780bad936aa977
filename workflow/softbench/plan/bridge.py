"""The bridge to Snakemake: it begins a run, reads the plan, and includes the rule files found. Called by plan.smk."""

import difflib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from softbench.errors import InputError
from softbench.jobs import launch, lock, pieces
from softbench.plan import earlier, ending, folder, paths, profile, rule_files, words
from softbench.plan.answers.data import Data
from softbench.plan.answers.figures import Figures
from softbench.plan.answers.pages import Pages
from softbench.plan.answers.papers import Papers
from softbench.plan.answers.soft_labels import SoftLabels
from softbench.plan.answers.tables import Tables
from softbench.plan.answers.train import Train
from softbench.plan.answers.views import Views
from softbench.plan.code import notice, record
from softbench.plan.code.graph import Code
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan
from softbench.plan.stop import stop, stops
from softbench.plan.wildcards import Wildcards

TARGETS = Path(".snakemake", "softbench", "targets.smk")  # rules of one line each, written anew at every call
TARGET = """rule {name}:
    input:
        plan.pages.of("{name}"),

"""


@dataclass(frozen=True)
class Answers:
    """What rules ask, by rule file; `plan` is what they are answered from."""

    plan: Plan
    stages: Stages
    data: Data
    soft_labels: SoftLabels
    train: Train
    tables: Tables
    papers: Papers
    views: Views
    figures: Figures
    pages: Pages

    @stops
    def require_no_jobs_left(self) -> None:
        """Stop where Slurm still has jobs of an earlier run of this folder."""
        launch.require_none_left(Path.cwd())

    def end(self, *, well: bool = True) -> None:
        """Say at the end of a run what was asked for, if all jobs did well, and which views failed.

        Raises: SystemExit: if a view failed, so that the run ends with an error.
        """
        wrong = ending.failed(since=paths.INDEX_NOTE.stat().st_mtime)  # the note is written when a run begins
        ending.try_again()
        for line in ending.lines(self.pages.asked(sys.argv[1:]) if well else (), wrong):
            print(line, flush=True)
        if wrong:
            sys.exit(1)

    def targets(self) -> list[str]:
        """Return the tables, each of which is a target by its name."""
        return [*self.plan.tables, *self.plan.paper_tables]

    def unknown_target(self, wildcards: Wildcards) -> NoReturn:
        """Stop at a target that does not exist; the message names those that do."""
        name = wildcards.no_such_target
        known = [*self.targets(), "all", "fetch", "paper_tables"]
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
    views, figures = Views(plan, stages, tables, papers), Figures(plan, stages, train)
    pages = Pages(plan, tables, papers, views)
    return Answers(plan, stages, data, SoftLabels(plan), train, tables, papers, views, figures, pages)


@stops
def read(workflow: Any, config: dict[str, Any]) -> Answers:
    """Begin a run or a job, read the plan, include the rule files of maps, recipes and own data sets, and the targets.

    Args:
        workflow: Snakemake's, whose config is filled.
        config: Snakemake's, for scripts: the circumstances in it change no number.
    Returns: what rules ask; the names that rule files of an earlier version used are defined besides.
    """
    root = Path(workflow.basedir)
    _begin(root / "workflow", is_main=workflow.is_main_process)
    given = workflow.config_settings
    if workflow.is_main_process:
        _check_profile(workflow, rule_files.names(root))
    plan = folder.read(Path(), workflow.overwrite_configfiles, given.config_args or given.config)
    config.clear()
    config.update(plan.config)
    rules = root / "workflow" / "rules"
    own = sorted((rules / "datasets").glob("*.smk"))
    found = answers(plan, [path.stem for path in own], is_main=workflow.is_main_process)
    workflow.globals.update(earlier.names(found.soft_labels, found.data, found.stages.code), plan=found)
    for kind in ("maps", "soft_labels"):
        _include(workflow, rule_files.check_names(rules / kind))
    _include(workflow, own)
    _keep_fetching_local(workflow)
    _check_recipes(workflow, found)
    _include(workflow, [_written(found.targets())])
    if workflow.is_main_process and lock.is_run(sys.argv[1:]):
        _note_page(found)
    return found


def _note_page(found: Answers) -> None:
    """Note what the page of this run shows, for its jobs, or that it ends with no such page; delete one half grown."""
    grows = str(paths.INDEX) in found.pages.asked(sys.argv[1:])
    pieces.write_json(paths.INDEX_NOTE, found.pages.settings_of("index") if grows else None)
    if grows and paths.INDEX.exists() and paths.INDEX.stat().st_mtime == paths.LONG_AGO[0]:
        paths.INDEX.unlink()


def _begin(workflow: Path, *, is_main: bool) -> None:
    lock.sign()
    launch.note_start()
    words.find_softbench()
    if is_main and lock.is_run(sys.argv[1:]):
        told = launch.run(Path("results"), workflow, sys.argv[1:])
        ending.try_again()
        for line in [*told, *notice.lines(Path("results"), Code(workflow, record.CACHE))]:
            print(line, file=sys.stderr)


def _check_profile(workflow: Any, rules: list[str]) -> None:
    given, groups = workflow.resource_settings, workflow.group_settings
    named = {*given.overwrite_resources, *given.overwrite_threads, *groups.overwrite_groups}
    for line in profile.check(named, rules):
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


def _check_recipes(workflow: Any, found: Answers) -> None:
    """Raise unless each rule `soften_<recipe>` writes soft labels of its recipe, and of it alone."""
    from snakemake.io import strip_wildcard_constraints

    for rule in workflow.rules:
        recipe = rule.name.removeprefix("soften_")
        if recipe != rule.name:
            outputs = list(map(strip_wildcard_constraints, rule.output))
            constraint, params = rule.wildcard_constraints.get("soft_label"), dict(rule.params.items())
            rule_files.check_recipe(
                recipe, Path(rule.snakefile), outputs, constraint, found.soft_labels.keys(recipe), params
            )


def _written(targets: Iterable[str]) -> Path:
    """Write the rule file of the targets, unless it lies there as it should be; return where."""
    from softbench.jobs import pieces

    text = "".join(TARGET.format(name=name) for name in targets)
    if not TARGETS.exists() or TARGETS.read_text(encoding="utf-8") != text:
        pieces.write_text(TARGETS, text)
    return TARGETS
