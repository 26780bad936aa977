"""What all rules share. Reads config.yaml, softbench's module texts and splits; writes nothing."""

import functools
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

sys.path.insert(0, str(Path(workflow.basedir, "workflow")))  # jobs in other environments find softbench here

from softbench.plan import modules, settings
from softbench.plan import rows as table_rows
from softbench.launch import begin, clock, lock, turns
from softbench.errors import InputError
from softbench.plan.plan import Plan, complete_maps, complete_soft_labels
from softbench.plan.modules import version_of
from softbench.losses import catalogue as losses

DATASET = "results/data/{dataset}/manifest.json"
PACKAGE = Path(workflow.basedir, "workflow", "softbench")


def stop_on_bad_input(function, *arguments):
    """Call a function; turn its InputError into Snakemake's, which prints the message alone."""
    try:
        return function(*arguments)
    except InputError as error:
        raise WorkflowError(str(error)) from None


turns.sign()
clock.note_start()
if workflow.is_main_process and lock.is_run(sys.argv[1:]):
    for line in stop_on_bad_input(begin.run, Path("results"), PACKAGE.parent, sys.argv[1:]):
        print(line, file=sys.stderr)

update_config(config, settings.retype(workflow.config_settings.overwrite_config))
stop_on_bad_input(settings.check, config)


wildcard_constraints:
    dataset=settings.pattern(config["datasets"]),
    network=settings.pattern(config["networks"]),
    batch=r"\d+",
    shard=r"\d+",


def datasets_of(source):
    """Constrain {dataset} to the datasets of a source."""
    return settings.pattern([name for name, one in config["datasets"].items() if one["source"] == source])


def dataset_settings_of(wildcards):
    """Return how a dataset is prepared."""
    return {name: value for name, value in config["datasets"][wildcards.dataset].items() if name != "source"}


def keys_of(recipe):
    """Constrain {soft_label} to the config keys of a recipe; one without a key gets its own name."""
    keys = complete_soft_labels(config["soft_labels"], [recipe])
    return settings.pattern([name for name, one in keys.items() if one["recipe"] == recipe])


def settings_of(wildcards):
    """Return the settings of a soft label."""
    one = config["soft_labels"].get(wildcards.soft_label) or {}
    return {name: value for name, value in one.items() if name not in ("recipe", "map")}


def maps_of(kind):
    """Constrain {map} to the maps of a kind; a kind without a key in config gets its own name."""
    keys = complete_maps(config["maps"], [kind])
    return settings.pattern([name for name, one in keys.items() if one["map"] == kind])


def map_settings_of(wildcards):
    """Return the settings of a map."""
    one = config["maps"].get(wildcards.map) or {}
    return {name: value for name, value in one.items() if name != "map"}


def map_name_of(kind, wildcards):
    """Return the map that a soft label names, or the one that is called after its kind."""
    return (config["soft_labels"].get(wildcards.soft_label) or {}).get("map", kind)


def shards_of(kind):
    """Return the lists of the maps that a soft label mixes."""
    return lambda wildcards: [
        f"results/maps/{wildcards.dataset}/{map_name_of(kind, wildcards)}/shard-{shard}.json"
        for shard in range(config["shards"])
    ]


def settings_of_map(kind):
    """Return the settings of the map that a soft label mixes."""
    return lambda wildcards: {
        name: value for name, value in (config["maps"].get(map_name_of(kind, wildcards)) or {}).items() if name != "map"
    }


def batches_of_method(wildcards):
    """Return the manifests of all batches of a method."""
    return batches_of_run(wildcards.experiment, wildcards.network, wildcards.method)


def ensembles_of(runs):
    """Return the records of the ensembles of some (experiment, network, method)."""
    return [f"results/runs/{'/'.join(run)}/ensemble.json" for run in runs]


def of_all_tables(paths_of):
    """Return the files of all tables in `run:` but the papers', each once, though tables may share an experiment."""
    return lambda wildcards: list(
        dict.fromkeys(path for table in config["run"] if table in PLAN.tables for path in paths_of(table))
    )


def threads_of(wildcards):
    """Return torch's threads, which are part of the protocol."""
    return PLAN.protocol_of(wildcards.experiment, wildcards.method).get("threads", 1)
