"""The plan: what config asks for, with its defaults filled in and every name checked against what exists."""

from collections.abc import Collection
from typing import Any

from softbench import networks
from softbench.errors import InputError
from softbench.losses import catalogue as losses
from softbench.plan import availability, figures, paper_forms, paths, pick, rehearsal
from softbench.plan.modules import needs_shares, settings_allowed, source_settings_allowed, splits_of
from softbench.plan.paths import Run


class Plan:
    """Read-only answers to the questions that rules ask of config."""

    def __init__(
        self,
        config: dict[str, Any],
        recipes: list[str],
        kinds: list[str],
        sources: list[str],
        rules: Collection[str] = (),
    ) -> None:
        """Complete the config and check its names.

        Args:
            config: as the schema allows it.
            recipes: the recipes that have a rule `soften_<recipe>`.
            kinds: the kinds of maps that have a rule `map_<kind>`.
            sources: the sources that have a module in `datasets/`.
            rules: the names of all rules, which no table may have.
        Raises: InputError: if one part of the config names what another does not have; the known names are listed.
        """
        self.config = config
        self.recipes, self.kinds, self.sources = recipes, kinds, sources
        self.datasets: dict[str, dict[str, Any]] = config["datasets"]
        self.maps = complete_maps(config["maps"], kinds)
        self.soft_labels = complete_soft_labels(config["soft_labels"], recipes)
        self.methods = complete_methods(config["methods"], self.soft_labels)
        experiments, self.protocols = rehearsal.add(config["experiments"], config["protocols"])
        self.experiments, self.ensembles = _apart(experiments)
        self.tables: dict[str, dict[str, Any]] = _tables(config, printed=False)
        self.figures = figures.forms_of(config.get("figures", {}), self.experiments, _stand_ins(config))
        self.paper_tables = paper_forms.forms_of(_tables(config, printed=True), self.experiments)
        self._check(recipes, kinds, sources, rules)

    def _check(self, recipes: list[str], kinds: list[str], sources: list[str], rules: Collection[str]) -> None:
        for name, dataset in self.datasets.items():
            _known(f"datasets.{name}.source", dataset["source"], sources)
            _check_dataset(name, dataset)
        for name in self.config["folders"]:
            _known("folders", name, sources)
        for name, one in self.maps.items():
            _known(f"maps.{name}.map", one["map"], kinds)
        for name, soft_label in self.soft_labels.items():
            _known(f"soft_labels.{name}.map", soft_label.get("map", next(iter(self.maps))), self.maps)
            _known(f"soft_labels.{name}.recipe", soft_label["recipe"], recipes)
            _check_settings(name, soft_label)
        for name, protocol in self.protocols.items():
            _check_plateau(name, protocol)
        for name, network in self.config["networks"].items():
            _known(f"networks.{name}.name", network["name"], networks.names())
            networks.require_settings(f"config.yaml: networks.{name}", network["name"], set(network) - {"name"})
        for name, method in self.methods.items():
            if method["sanity"] is None:
                _known(f"methods.{name}.soft_label", method["soft_label"], self.soft_labels)
                losses.terms(method["loss"])
                self._check_reader_of_shares(name)
            if method["control"] is not None:
                _known(f"methods.{name}.control", method["control"], self.methods)
        for name in self.experiments:
            self._check_experiment(name)
        for name, table in self.tables.items():
            for experiment in table["experiments"]:
                _known(f"tables.{name}.experiments", experiment, self.experiments)
            self._check_one_block(name)
            self._check_controls(name)
            self._check_temperature(name)
        for name, table in self.paper_tables.items():
            for method in (one for block in table["blocks"] for one in block["variants"]):
                _known(f"tables.{name}.blocks.variants", method, self.methods)
            for block in table["blocks"]:
                pick.check(f"tables.{name}.blocks", block, self.methods)
        targets = {**self.tables, **self.paper_tables}
        for name in self.config["run"]:
            _known("run", name, targets)
        figures.check(self.config.get("figures", {}), self)
        for name in sorted(set(rules) & set(targets)):
            raise InputError(f"config.yaml: tables.{name} has the name of a rule, so it could be no target. Rename it.")

    def _check_experiment(self, name: str) -> None:
        experiment = self.experiments[name]
        _known(f"experiments.{name}.dataset", experiment["dataset"], self.datasets)
        _known(f"experiments.{name}.protocol", experiment["protocol"], self.protocols)
        for network in experiment["networks"]:
            _known(f"experiments.{name}.networks", network, self.config["networks"])
        for method in [*self.methods_of(name), *experiment.get("except", [])]:
            _known(f"experiments.{name}.methods", method, self.methods)
        self._check_shares(name)

    def _check_reader_of_shares(self, name: str) -> None:
        """Raise where a method asks for shares that are not: those of a majority, or on a coarser grid."""
        method = self.methods[name]
        if self._reads_shares(name) and (method["raters"] == "majority" or method["resolution"] is not None):
            raise InputError(
                f"config.yaml: methods.{name} learns from labels kept soft through resampling: they belong to single "
                "raters and lie on the grid of the dataset. Leave out `raters: majority` and `resolution`."
            )

    def _check_shares(self, experiment: str) -> None:
        """Raise where a method of an experiment learns from shares that its dataset does not keep."""
        dataset = self.experiments[experiment]["dataset"]
        readers = [method for method in self.methods_of(experiment) if self._reads_shares(method)]
        if readers and self.datasets[dataset].get("label_interpolation") != "soft":
            raise InputError(
                f"config.yaml: experiments.{experiment} has the method {readers[0]!r}, which learns from labels kept "
                f"soft through resampling, but its dataset {dataset!r} keeps none. Set `label_interpolation: soft` in "
                f"datasets.{dataset}, or name {readers[0]!r} in the experiment's `except`."
            )

    def _reads_shares(self, method: str) -> bool:
        soft_label = self.methods[method]["soft_label"]
        return soft_label is not None and needs_shares(self.soft_labels[soft_label]["recipe"])

    def _check_one_block(self, table: str) -> None:
        blocks = sorted({f"{experiment} with {network}" for experiment, network, _ in self.runs_of(table)})
        if len(blocks) != 1:
            raise InputError(
                f"config.yaml: tables.{table} must show one experiment with one network, but would mix "
                f"{', '.join(blocks)}. Make a table of each."
            )

    def _check_controls(self, table: str) -> None:
        """Raise where a table would show a method without its control: told before training, not after."""
        shown = [method for _, _, method in self.runs_of(table)]
        for method in shown:
            control = self.methods[method]["control"]
            if control not in (None, *shown):
                raise InputError(
                    f"config.yaml: tables.{table} shows the method {method!r} without its control {control!r}. Name "
                    f"both in `methods` of {', '.join(self.tables[table]['experiments'])}, or neither."
                )

    def _check_temperature(self, table: str) -> None:
        prediction = self.tables[table].get("prediction", "raw")
        for experiment in self.tables[table]["experiments"]:
            if prediction.endswith("temperature") and not self.experiments[experiment]["scoring"].get("temperature"):
                raise InputError(
                    f"config.yaml: tables.{table} shows the prediction {prediction!r}, but experiments.{experiment} "
                    "makes none. Set `temperature: true` in its `scoring`."
                )

    def dataset_of(self, experiment: str) -> str:
        """Return the data set of an experiment."""
        dataset: str = self.experiments[experiment]["dataset"]
        return dataset

    def source_of(self, experiment: str) -> str:
        """Return the source of an experiment's data set."""
        source: str = self.datasets[self.dataset_of(experiment)]["source"]
        return source

    def missing(self, experiment: str) -> str | None:
        """Say why there is no data for an experiment; None where a job can have it."""
        return availability.reason_missing(self.source_of(experiment), self.config)

    def is_derived(self, dataset: str, split: str) -> bool:
        """Return whether the source of a data set says by which rule this split is made of its patients."""
        return split in splits_of(self.datasets[dataset]["source"])

    def split_of(self, experiment: str) -> str:
        """Return where the split of an experiment lies."""
        dataset, split = self.dataset_of(experiment), self.experiments[experiment]["split"]
        return paths.split(dataset, split, derived=self.is_derived(dataset, split))

    def soft_label_of(self, experiment: str, method: str) -> str:
        """Return the manifest of the soft label that a trained method of an experiment learns from."""
        return paths.soft_label(self.dataset_of(experiment), self.methods[method]["soft_label"])

    def title_of(self, method: str) -> str:
        """Return the title of a method."""
        title: str = self.methods[method]["title"]
        return title

    def methods_of(self, experiment: str) -> list[str]:
        """Return the methods of an experiment, in the order of its table."""
        chosen = self.experiments[experiment]["methods"]
        left_out = self.experiments[experiment].get("except", [])
        if chosen == "all":
            chosen = [name for name, method in self.methods.items() if not method["on_request"]]
        return [method for method in chosen if method not in left_out]

    def seeds_of(self, experiment: str) -> list[int]:
        """Return the seeds of an experiment."""
        return list(self.experiments[experiment].get("seeds", self.config["seeds"]))

    def sanity_rows(self) -> list[str]:
        """Return the methods that are scored without training."""
        return [name for name, method in self.methods.items() if method["sanity"] is not None]

    def trained(self) -> list[str]:
        """Return the methods that are trained."""
        return [name for name, method in self.methods.items() if method["sanity"] is None]

    def batches_of(self, experiment: str, method: str) -> list[list[int]]:
        """Return the seeds of each batch; a batch is one job. Sanity rows draw no random numbers: one seed suffices."""
        seeds, size = self.seeds_of(experiment), self.config["seeds_per_job"]
        if self.methods[method]["sanity"] is not None:
            return [seeds[:1]]
        step = len(seeds) if size == "all" else size
        return [seeds[start : start + step] for start in range(0, len(seeds), step)]

    def batch_files(self, run: Run) -> list[str]:
        """Return the manifests of the batches of a run (experiment, network, method)."""
        return paths.batches(run, len(self.batches_of(run[0], run[2])))

    def protocol_of(self, experiment: str, method: str) -> dict[str, Any]:
        """Return the protocol of a method in an experiment."""
        protocol = dict(self.protocols[self.experiments[experiment]["protocol"]])
        coarse, own = protocol.pop("coarse_batch", None), self.methods[method]["batch"]
        if own is None and self.methods[method]["resolution"] is not None:
            own = coarse
        return protocol if own is None else protocol | {"batch": own}

    def experiments_of(self, target: str) -> list[str]:
        """Return the experiments of a table, a paper's or another."""
        if target in self.tables:
            return list(self.tables[target]["experiments"])
        return list(dict.fromkeys(block["experiment"] for block in self.paper_tables[target]["blocks"]))

    def runs_of(self, table: str) -> list[Run]:
        """Return the (experiment, network, method) that a table shows, in its order."""
        return [
            (experiment, network, method)
            for experiment in self.tables[table]["experiments"]
            for network in self.experiments[experiment]["networks"]
            for method in self.methods_of(experiment)
        ]

    def papers_of(self, data: str) -> list[str]:
        """Return the papers' tables in the form that `data` asks for: svls_1 …, svls_1_open …, or svls_1_phantom …."""
        return [name + self.form_of(data) for name in _tables(self.config, printed=True)]

    def form_of(self, data: str) -> str:
        """Return what the names of the papers' tables end with: nothing, _open or _phantom."""
        return paper_forms.FORMS[data]

    def ensembles_of(self, table: str) -> list[Run]:
        """Return the (experiment, network, method) whose ensembles a table shows; none where it shows runs."""
        shown = self.tables[table].get("prediction", "raw").startswith("ensemble")
        return [run for run in self.runs_of(table) if shown and self.methods[run[2]]["sanity"] is None]

    def ensembles_wanted(self, table: str) -> list[Run]:
        """Return the (experiment, network, method) whose ensembles a table shows, or its experiment asks for."""
        asked = [run for run in self.runs_of(table) if run[0] in self.ensembles]
        return self.ensembles_of(table) or [run for run in asked if self.methods[run[2]]["sanity"] is None]


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
    asking = {name for name, one in experiments.items() if one["scoring"].get("ensemble")}
    of_runs = {
        name: {**one, "scoring": {key: value for key, value in one["scoring"].items() if key != "ensemble"}}
        for name, one in experiments.items()
    }
    return of_runs, asking


def complete_soft_labels(soft_labels: dict[str, Any], recipes: list[str]) -> dict[str, Any]:
    """Return every soft label with its recipe; a recipe without a key gets one of its own name."""
    complete = {name: {"recipe": name, **(settings or {})} for name, settings in soft_labels.items()}
    used = {settings["recipe"] for settings in complete.values()}
    new = [name for name in recipes if name not in used]
    for name in set(new) & set(complete):
        raise InputError(
            f"config.yaml: soft_labels.{name} is of the recipe {complete[name]['recipe']!r}, but "
            f"workflow/rules/soft_labels/{name}.smk brings a recipe of this name. Rename one of them."
        )
    return complete | {name: {"recipe": name} for name in new}


def complete_maps(maps: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    """Return every map with its kind; a kind without a key gets one of its own name."""
    complete = {name: {"map": name, **(settings or {})} for name, settings in maps.items()}
    used = {settings["map"] for settings in complete.values()}
    return complete | {name: {"map": name} for name in kinds if name not in used}


def complete_methods(methods: dict[str, Any], soft_labels: dict[str, Any]) -> dict[str, Any]:
    """Return every method with its defaults; a recipe that no method uses gets one: cross-entropy, control one_hot."""
    complete = {name: _with_defaults(name, method or {}) for name, method in methods.items()}
    used = {soft_labels[m["soft_label"]]["recipe"] for m in complete.values() if m["soft_label"] in soft_labels}
    new = [name for name, soft_label in soft_labels.items() if soft_label["recipe"] not in used]
    for name in set(new) & set(complete):
        raise InputError(
            f"config.yaml: methods.{name} learns from {complete[name]['soft_label']!r}, but a soft label is called "
            f"{name!r} too, and no method learns from it. Rename the soft label (and its rule file), or the method."
        )
    return complete | {name: _with_defaults(name, {}) for name in new}


def _with_defaults(name: str, method: dict[str, Any]) -> dict[str, Any]:
    if method.get("sanity") is not None:
        nothing = dict.fromkeys(["soft_label", "loss", "control", "raters", "resolution", "batch"])
        return {"title": name, "on_request": False, **nothing, **method}
    control = None if name == "one_hot" else "one_hot"
    defaults = {"title": name, "soft_label": name, "loss": "ce", "control": control, "raters": "first"}
    return {**defaults, "resolution": None, "batch": None, "sanity": None, "on_request": False, **method}


def _known(place: str, name: str, known: Any) -> None:
    if name not in known:
        raise InputError(
            f"config.yaml: {place} names {name!r}, which does not exist; known: {', '.join(sorted(known))}."
        )


def _check_dataset(name: str, dataset: dict[str, Any]) -> None:
    allowed = source_settings_allowed(dataset["source"])
    unknown = sorted(set(dataset) - {"source"} - allowed)
    if unknown:
        raise InputError(
            f"config.yaml: datasets.{name} sets {', '.join(map(repr, unknown))}, which the source "
            f"{dataset['source']!r} does not know; its settings: {', '.join(sorted(allowed))}."
        )


def _check_plateau(name: str, protocol: dict[str, Any]) -> None:
    """Raise where a protocol has an epoch of the plateau rule without that rule; a job would find it out much later."""
    schedule = protocol.get("schedule")
    if "plateau_epoch_steps" in protocol and schedule != "halve_on_plateau":
        raise InputError(
            f"config.yaml: protocols.{name} sets `plateau_epoch_steps`, but its schedule is {schedule!r}, which looks "
            "at no validation. Leave it out, or set `schedule: halve_on_plateau`."
        )


def _check_settings(name: str, soft_label: dict[str, Any]) -> None:
    allowed = settings_allowed(soft_label["recipe"])
    unknown = sorted(set(soft_label) - {"recipe", "map"} - set(allowed)) if allowed is not None else []
    if unknown:
        raise InputError(
            f"config.yaml: soft_labels.{name} sets {', '.join(map(repr, unknown))}, which the recipe "
            f"{soft_label['recipe']!r} does not know; its settings: {', '.join(sorted(allowed or [])) or 'none'}."
        )
