"""The plan: what config asks for, with its defaults filled in. What does not fit is said by `config` and `checks`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.plan import checks, forms, modules, own_files, paths, rule_files
from softbench.plan import config as settings
from softbench.plan.checks.experiments import RATERS
from softbench.plan.config import layers, metrics
from softbench.plan.config.tuning import Tried
from softbench.plan.forms import add_rehearsals
from softbench.plan.paths import Run
from softbench.plan.places import Places
from softbench.plan.rule_files import RulesFound
from softbench.rater_names import say_pseudo

TUNING = {"seeds": [1000, 1001], "criterion": "nll_temperature"}  # where an experiment says nothing
FROM_MANY = "each is put together from several people's hands"  # where a source says `PSEUDO_RATERS = True` alone


class Plan:
    """Read-only answers to the questions that rules ask of config."""

    def __init__(
        self,
        config: dict[str, Any],
        found: RulesFound,
        *,
        places: Places | None = None,
        by_name: Collection[str] = (),
        shipped: Collection[str] | None = None,
        tried: Tried | None = None,
    ) -> None:
        """Fill in what config leaves out; `plan.checks` says what does not fit.

        Args:
            config: as the schema allows it.
            found: the recipes, kinds of maps and sources that there are, and the names of all rules.
            places: where the values of config were written, for messages.
            by_name: methods that only experiments that name them run; `methods: all` means the others.
            shipped: methods of the catalogue; the others are a user's own. None: all that config names.
            tried: of each method with `tune` the settings to try: key of a method -> values.
        """
        self.config, self.found, self.places, self._by_name = config, found, places, by_name
        self.tried: Tried = tried or {}
        self.datasets: dict[str, dict[str, Any]] = config["datasets"]
        self.maps = with_unnamed(config["maps"], "map", found.maps)
        self.soft_labels = with_unnamed(config["soft_labels"], "recipe", found.recipes)
        self.methods = complete_methods(config["methods"], self.soft_labels)
        self._own = set(self.methods) - {*(config["methods"] if shipped is None else shipped), *by_name}
        experiments, self.protocols = add_rehearsals(config["experiments"], config["protocols"])
        self.experiments, self.ensembles = _apart(experiments)
        self.tables = {name: self._with_own_metrics(table) for name, table in _tables(config, printed=False).items()}
        self.figures = forms.figure_forms(config.get("figures", {}), self.experiments, _stand_ins(config))
        self.paper_tables = forms.table_forms(_tables(config, printed=True))
        self.teachers: dict[str, Any] = {
            name: {"folds": 2, **entry} for name, entry in config.get("teachers", {}).items()
        }
        self.collections: dict[str, list[str]] = config.get("collections", {})

    def of_page(self, page: str) -> list[str]:
        """Return the tables that `run:` (the page "index") or a collection names; none of another page."""
        return list(self.config["run"] if page == paths.INDEX.stem else self.collections.get(page, []))

    @classmethod
    def read(
        cls, root: Path, configfiles: Sequence[str | Path] = (), assignments: Sequence[str] | Mapping[str, Any] = ()
    ) -> "Plan":
        """Return the plan that Snakemake would make of the same folder and options, without starting it.

        Args:
            root: the folder of the suite, with config.yaml, config/ and workflow/.
            configfiles: as given to `--configfile`: merged over config.yaml in their order, below `root` or absolute.
            assignments: as given to `--config`: key=value, the value in YAML, or as Snakemake has read them.
        Raises: InputError: as `config.read`, `config.check` and `checks.fit`.
        """
        rules = rule_files.find(root)
        own_files.check(rules.recipes)
        read = settings.read(root, configfiles, assignments)
        try:
            settings.check(read)
            names: dict[str, Any] = {"by_name": read.by_name, "shipped": read.shipped, "tried": read.tried}
            plan = cls(read.values, rules, places=read.places, **names)
            checks.fit(plan)
        except InputError as error:
            raise InputError(f"{layers.advice(root, configfiles)}{error}") from None
        return plan

    def _with_own_metrics(self, table: dict[str, Any]) -> dict[str, Any]:
        """Return a table with a column of each metric of one's own, behind those that it lists."""
        experiment = self.experiments.get(table["experiments"][0], {})
        own = metrics.own_columns(table, experiment.get("scoring", {}))
        return {**table, "columns": [*table["columns"], *own]} if own else table

    def dataset_of(self, experiment: str) -> str:
        """Return the data set of an experiment."""
        return str(self.experiments[experiment]["dataset"])

    def source_of(self, experiment: str) -> str:
        """Return the source of an experiment's data set."""
        return str(self.datasets[self.dataset_of(experiment)]["source"])

    def data_folder(self, experiment: str) -> str:
        """Return the folder of an experiment's prepared data set."""
        return paths.dataset(self.dataset_of(experiment)).removesuffix("/manifest.json")

    def missing(self, experiment: str) -> str | None:
        """Say why there is no data for an experiment; None where a job can have it."""
        return modules.reason_missing(self.source_of(experiment), self.config)

    def is_derived(self, dataset: str, split: str) -> bool:
        """Return whether the source of a data set says by which rule this split is made of its patients."""
        return split in modules.published_splits(self.datasets[dataset]["source"])

    def split_of(self, experiment: str) -> str:
        """Return where the split of an experiment lies."""
        dataset, split = self.dataset_of(experiment), self.experiments[experiment]["split"]
        return paths.split(dataset, split, derived=self.is_derived(dataset, split))

    def soft_label_of(self, experiment: str, method: str) -> str:
        """Return the manifest of the soft label that a trained method of an experiment learns from."""
        return paths.soft_label(self.dataset_of(experiment), self.methods[method]["soft_label"])

    def has_several_raters(self, experiment: str) -> bool:
        """Return whether a case of an experiment has several label maps, one a rater, as far as its source says."""
        return bool(modules.constant_of_source(self.source_of(experiment), "LABEL_MAPS", 1) > 1)

    def pseudo_raters(self, experiments: Iterable[str]) -> list[str]:
        """Return why raters of experiments are not persons, each reason once; none where they are, or where there are
        none."""
        sources = map(self.source_of, experiments)
        reasons = [modules.constant_of_source(source, "PSEUDO_RATERS", "") for source in sources]
        return list(dict.fromkeys(FROM_MANY if reason is True else str(reason) for reason in reasons if reason))

    def title_of(self, method: str, experiments: Collection[str] = ()) -> str:
        """Return the title of a method.

        Args:
            method: its key.
            experiments: where it stands beside others; if all of them have several raters, a row that is not trained
                has the title that config gives it there, and where raters are no persons, they are pseudo-raters.
        """
        several = bool(experiments) and all(map(self.has_several_raters, experiments))
        named = self.methods[method]
        title = str(named.get("title_raters", named["title"]) if several else named["title"])
        return say_pseudo(title) if self.pseudo_raters(experiments) else title

    def methods_of(self, experiment: str) -> list[str]:
        """Return the methods of an experiment, in the order of its table.

        `all` means raters against each other only where the source says that a case has several.
        """
        chosen = self.experiments[experiment]["methods"]
        left_out = self.experiments[experiment].get("except", [])
        if chosen == "all":
            chosen = [name for name in self.methods if name not in self._by_name and self._fits(name, experiment)]
        return [method for method in chosen if method not in left_out]

    def _fits(self, method: str, experiment: str) -> bool:
        """Return whether `all` means a method: not where it needs several raters, or a teacher, that are not there."""
        teacher = self.soft_labels.get(self.methods[method]["soft_label"] or "", {}).get("teacher")
        if teacher is not None and self.teacher_experiment(teacher, self.dataset_of(experiment)) is None:
            return False
        return self.methods[method]["sanity"] != RATERS or self.has_several_raters(experiment)

    def seeds_of(self, experiment: str) -> list[int]:
        """Return the seeds of an experiment."""
        return list(self.experiments[experiment].get("seeds", self.config["seeds"]))

    def sanity_rows(self) -> list[str]:
        """Return the methods that are scored without training."""
        return [name for name, method in self.methods.items() if method["sanity"] is not None]

    def trained(self) -> list[str]:
        """Return the methods that are trained."""
        return [name for name, method in self.methods.items() if method["sanity"] is None]

    def teacher_experiment(self, teacher: str, dataset: str) -> str | None:
        """Return the experiment of a data set whose split, protocol and network a teacher has; None where none is."""
        named = self.teachers[teacher]["experiments"]
        return next((name for name in named if self.dataset_of(name) == dataset), None)

    def tuning_of(self, experiment: str) -> dict[str, Any]:
        """Return how an experiment chooses the settings of methods with `tune`: `seeds` and `criterion`."""
        return {**TUNING, **self.experiments[experiment].get("tuning", {})}

    def tuned_in(self, experiment: str) -> list[str]:
        """Return the methods of an experiment whose settings are chosen."""
        return [method for method in self.methods_of(experiment) if method in self.tried]

    def batches_of(self, experiment: str, method: str) -> list[list[int]]:
        """Return the seeds of each batch; a batch is one job. Sanity rows draw no random numbers: one seed suffices."""
        seeds, size = self.seeds_of(experiment), self.config["seeds_per_job"]
        if self.methods[method]["sanity"] is not None:
            return [seeds[:1]]
        step = len(seeds) if size == "all" else size
        return [seeds[start : start + step] for start in range(0, len(seeds), step)]

    def batch_files(self, run: Run) -> list[str]:
        """Return the manifests of the batches of a run (experiment, network, method).

        Methods that are not trained share one, which lists what each of them left.
        """
        if self.methods[run[2]]["sanity"] is not None:
            return [paths.sanity(*run[:2])]
        return paths.batches(run, len(self.batches_of(run[0], run[2])))

    def protocol_of(self, experiment: str, method: str) -> dict[str, Any]:
        """Return the protocol of a method in an experiment."""
        protocol = dict(self.protocols[self.experiments[experiment]["protocol"]])
        coarse, own = protocol.pop("coarse_batch", None), self.methods[method]["batch"]
        if own is None and self.methods[method]["resolution"] is not None:
            own = coarse
        return protocol | ({} if own is None else {"batch": own}) | (self.methods[method]["protocol"] or {})

    def part_of(self, experiment: str) -> dict[str, list[int]]:
        """Return `part`, voxels along each axis of a case that an experiment scores; nothing where it scores all."""
        protocol = self.protocols[self.experiments[experiment]["protocol"]]
        return {"part": protocol["patch_size"]} if protocol.get("evaluation") == "random_crop" else {}

    def experiments_of(self, target: str) -> list[str]:
        """Return the experiments of a table, a paper's or another."""
        if target in self.tables:
            return list(self.tables[target]["experiments"])
        return list(dict.fromkeys(block["experiment"] for block in self.paper_tables[target]["blocks"]))

    def runs_of(self, table: str) -> list[Run]:
        """Return the (experiment, network, method) that a table shows, in the order of the experiment.

        A table that names methods shows a user's own too, beside their controls: whoever adds one wants to see it.
        """
        return [
            (experiment, network, method)
            for experiment in self.tables[table]["experiments"]
            for network in self.experiments[experiment]["networks"]
            for method in self._shown(table, self.methods_of(experiment))
        ]

    def _shown(self, table: str, run: Sequence[str]) -> list[str]:
        """Return those of the methods that an experiment runs which a table shows."""
        chosen = self.chosen(table)
        if chosen is None:
            return list(run)
        shown = {method for method in run if method in chosen}
        own = [method for method in run if method in self._own and method not in shown]
        while more := {method for method in own if self.methods[method]["control"] in (None, *shown)} - shown:
            shown |= more
        return [method for method in run if method in shown]

    def chosen(self, table: str) -> list[str] | None:
        """Return the methods that a table names; None where it shows all of its experiments."""
        named = self.tables[table].get("methods", "all")
        return None if named == "all" else list(named)

    def papers_of(self, data: str) -> list[str]:
        """Return the papers' tables in the form that `data` asks for: svls_1 …, svls_1_open …, or svls_1_phantom ….

        Variants, such as those with the printed splits, are made by their names alone.
        """
        tables = _tables(self.config, printed=True)
        return [name + self.form_of(data) for name, table in tables.items() if "variant_of" not in table]

    def form_of(self, data: str) -> str:
        """Return what the names of the papers' tables end with: nothing, _open or _phantom."""
        return forms.FORMS[data]

    def ensembles_of(self, table: str) -> list[Run]:
        """Return the (experiment, network, method) whose ensembles a table shows; none where it shows runs."""
        shown = self.tables[table].get("prediction", "raw").startswith("ensemble")
        return [run for run in self.runs_of(table) if shown and self.methods[run[2]]["sanity"] is None]

    def ensembles_wanted(self, table: str) -> list[Run]:
        """Return the (experiment, network, method) whose ensembles a table shows, or its experiment asks for.

        One seed makes no ensemble: what an experiment asks for by itself begins with two. One job makes all ensembles
        of an experiment, so a table of some of its methods does not ask for them.
        """
        if self.chosen(table) is not None:
            return self.ensembles_of(table)
        asked = [run for run in self.runs_of(table) if run[0] in self.ensembles and len(self.seeds_of(run[0])) > 1]
        return self.ensembles_of(table) or [run for run in asked if self.methods[run[2]]["sanity"] is None]

    def posthoc_of(self, experiment: str) -> dict[str, list[str]]:
        """Return the calibrations and decoders that an experiment asks for; none of either where it asks for none."""
        asked = self.experiments[experiment].get("posthoc") or {}
        return {room: list(asked.get(room, [])) for room in ("calibrations", "decoders")}

    def posthoc_wanted(self, table: str) -> list[Run]:
        """Return the (experiment, network, method) whose grid of calibrations and decoders a table shows.

        One job makes the grids of an experiment, so a table of some of its methods does not ask for them.
        """
        if self.chosen(table) is not None:
            return []
        asked = [run for run in self.runs_of(table) if self.posthoc_of(run[0])["calibrations"]]
        return [run for run in asked if self.methods[run[2]]["sanity"] is None]


def _tables(config: dict[str, Any], *, printed: bool) -> dict[str, dict[str, Any]]:
    """Return the tables of config that show a paper's beside ours, or the others."""
    return {name: table for name, table in config["tables"].items() if ("published" in table) == printed}


def _stand_ins(config: dict[str, Any]) -> dict[str, str]:
    """Return the experiment on open data that stands in for each that has one in a paper's table."""
    blocks = [block for table in config["tables"].values() for block in table.get("blocks", [])]
    return {block["experiment"]: block["open"] for block in blocks if "open" in block}


def _apart(experiments: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Return the experiments without `scoring.ensemble`, and those that set it: it asks for one more job and decides no
    score of a run, so that setting it reruns none."""
    asking = {name for name, entry in experiments.items() if entry["scoring"].get("ensemble")}
    of_runs = {
        name: {**entry, "scoring": {key: value for key, value in entry["scoring"].items() if key != "ensemble"}}
        for name, entry in experiments.items()
    }
    return of_runs, asking


def with_unnamed(entries: dict[str, Any], part: str, found: Iterable[str]) -> dict[str, Any]:
    """Return every soft label with its recipe, or map with its kind; a recipe or kind that no entry names gets
    an entry with its own name."""
    complete = {name: {part: name, **(settings or {})} for name, settings in entries.items()}
    used = {settings[part] for settings in complete.values()}
    return complete | {name: {part: name} for name in found if name not in used}


def complete_methods(methods: dict[str, Any], soft_labels: dict[str, Any]) -> dict[str, Any]:
    """Return every method with its defaults; a recipe that no method uses gets one: cross-entropy, control one_hot."""
    complete = {name: _with_defaults(name, method or {}) for name, method in methods.items()}
    used = {soft_labels[m["soft_label"]]["recipe"] for m in complete.values() if m["soft_label"] in soft_labels}
    new = [name for name, soft_label in soft_labels.items() if soft_label["recipe"] not in used]
    return complete | {name: _with_defaults(name, {}) for name in new}


def _with_defaults(name: str, method: dict[str, Any]) -> dict[str, Any]:
    if method.get("sanity") is not None:
        nothing = dict.fromkeys(
            ["soft_label", "loss", "control", "raters", "resolution", "batch", "protocol", "activation"]
        )
        return {"title": name, **nothing, **method}
    control = None if name == "one_hot" else "one_hot"
    defaults = {"title": name, "soft_label": name, "loss": "ce", "control": control, "raters": "first"}
    return {**defaults, **dict.fromkeys(["resolution", "batch", "protocol", "activation", "sanity"]), **method}
