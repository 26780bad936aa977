"""What train.smk asks: what decides a run, its seeds, and where its inputs lie."""

from typing import Any

from softbench.plan import paths
from softbench.plan.answers import memory
from softbench.plan.answers.data import Data
from softbench.plan.calls import Wildcards, pattern
from softbench.plan.code.stages import Stages
from softbench.plan.paths import Run
from softbench.plan.plan import Plan


class Train:
    """Answers to rules about runs; the attributes constrain the wildcards of their paths."""

    def __init__(self, plan: Plan, stages: Stages, data: Data) -> None:
        """Read which experiments, networks and methods there are."""
        self.plan, self._stages, self._data = plan, stages, data
        self.experiments, self.networks = pattern(plan.experiments), pattern(plan.config["networks"])
        self.trained = pattern(method for method in plan.trained() if method not in plan.tried)
        self.finished = pattern(plan.trained())

    def data(self, wildcards: Wildcards) -> str:
        """Return the manifest of the prepared data set of an experiment."""
        return paths.dataset(self.plan.dataset_of(wildcards.experiment))

    def soft_label(self, wildcards: Wildcards) -> str:
        """Return the manifest of the soft label that a method learns from."""
        return self.plan.soft_label_of(wildcards.experiment, wildcards.method)

    def split(self, wildcards: Wildcards) -> str:
        """Return the split of an experiment; a bad one stops before any job starts."""
        return self._data.split_of(wildcards.experiment)

    def seeds(self, wildcards: Wildcards) -> list[int]:
        """Return the seeds of a batch."""
        return self.plan.batches_of(wildcards.experiment, wildcards.method)[int(wildcards.batch)]

    def threads(self, wildcards: Wildcards) -> int:
        """Return torch's threads, which are part of the protocol, so that all methods of an experiment have as many."""
        return self.threads_of(wildcards.experiment)

    def threads_of(self, experiment: str) -> int:
        """Return the same of an experiment."""
        protocol = self.plan.protocols[self.plan.experiments[experiment]["protocol"]]
        return int(protocol.get("threads", 1))

    def memory_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """Return the memory that training a batch takes at most, MB; the next attempt gets more.

        The training data count in full, since a GPU that lacks room for them leaves them in the host's memory.
        """
        return self.memory_of(wildcards.experiment, wildcards.method, attempt)

    def memory_of(self, experiment: str, method: str, attempt: int) -> int:
        """Return the same of a method of an experiment."""
        held = memory.data_bytes(self.plan, experiment, method) or 0
        return max(memory.LEAST_MB * attempt, memory.JOB_MB * attempt + -(-held // memory.MB))

    def run(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what decides the runs of a method, seeds apart."""
        return self.run_of((wildcards.experiment, wildcards.network, wildcards.method))

    def run_of(self, run: Run) -> dict[str, Any]:
        """Return the same of an (experiment, network, method)."""
        experiment, network, method = run
        entry, settings = self.plan.methods[method], self.plan.config["networks"][network]
        recipe = self.plan.soft_labels[entry["soft_label"]]["recipe"]
        coarse = entry["resolution"] is not None
        own = {} if entry["activation"] is None else {"activation": entry["activation"]}
        return {
            "names": self._names(run),
            "network": settings | own,
            **{name: entry[name] for name in ("loss", "raters", "resolution")},
            "protocol": self.plan.protocol_of(experiment, method),
            "scoring": self.plan.experiments[experiment]["scoring"],
            "versions": {
                "training": self._stages.versions(
                    "train", network=settings["name"], loss=entry["loss"], recipe=recipe, coarse=coarse
                ),
                "scoring": self._stages.versions("score"),
            },
        }

    def given_of(self, run: Run) -> dict[str, Any]:
        """Return `run` and `soft_label` of an (experiment, network, method), as `training.chosen.settle` takes them.

        Of a method whose setting is chosen also where the choice lies, and the same of each setting that it tries.
        """
        experiment, network, method = run
        given = {"run": self.run_of(run), "soft_label": self.plan.soft_label_of(experiment, method)}
        if method not in self.plan.tried:
            return given
        tried = {key: self.given_of((experiment, network, key)) for key in self.plan.tried[method]}
        return {**given, "choice": paths.choice(run), "tried": tried}

    def given(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the same of a job."""
        return self.given_of((wildcards.experiment, wildcards.network, wildcards.method))

    def soft_labels_of_method(self, wildcards: Wildcards) -> list[str]:
        """Return the soft labels that a method may learn from."""
        return self.soft_labels_of((wildcards.experiment, wildcards.network, wildcards.method))

    def batches_of_method(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the batches of a method."""
        return self.plan.batch_files((wildcards.experiment, wildcards.network, wildcards.method))

    def soft_labels_of(self, run: Run) -> list[str]:
        """Return the soft labels that a method may learn from: its own, or those of all settings that it tries."""
        experiment, _, method = run
        labels = (self.plan.soft_label_of(experiment, key) for key in self.plan.tried.get(method, [method]))
        return paths.once(labels)

    def sanity(self, wildcards: Wildcards) -> list[dict[str, Any]]:
        """Return what decides the scores of each row of an experiment that is not trained."""
        experiment, untrained = wildcards.experiment, self.plan.sanity_rows()
        return [
            {
                "kind": self.plan.methods[method]["sanity"],
                "names": self._names((experiment, wildcards.network, method)),
                "scoring": self.plan.experiments[experiment]["scoring"],
                "versions": self._stages.versions("sanity"),
                "seed": self.plan.batches_of(experiment, method)[0][0],
                **self.plan.part_of(experiment),
            }
            for method in self.plan.methods_of(experiment)
            if method in untrained
        ]

    def ensembles(self, wildcards: Wildcards) -> list[dict[str, Any]]:
        """Return what decides the ensemble of each trained method of an experiment, and where its seeds lie."""
        runs = self._trained_runs(wildcards)
        return [{**self.given_of(run), "batches": self.plan.batch_files(run)} for run in runs]

    def posthoc(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Return the calibrations and decoders that an experiment asks for."""
        return self.plan.posthoc_of(wildcards.experiment)

    def posthoc_versions(self, wildcards: Wildcards) -> dict[str, dict[str, int]]:
        """Return the VERSIONs that decide each piece of such a grid: of a calibration, or of what a decoder makes of
        it."""
        asked = self.plan.posthoc_of(wildcards.experiment)
        versions = self._stages.versions
        found = {}
        for one in asked["calibrations"]:
            found[one] = versions("posthoc", calibrations=[one])
            found |= {f"{one}-{d}": versions("posthoc", calibrations=[one], decoders=[d]) for d in asked["decoders"]}
        return found

    def soft_labels(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the soft labels that the methods of an experiment learn from."""
        return paths.once(label for run in self._trained_runs(wildcards) for label in self.soft_labels_of(run))

    def batches(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of all batches of an experiment's trained methods."""
        return [path for run in self._trained_runs(wildcards) for path in self.plan.batch_files(run)]

    def _trained_runs(self, wildcards: Wildcards) -> list[Run]:
        trained, methods = self.plan.trained(), self.plan.methods_of(wildcards.experiment)
        return [(wildcards.experiment, wildcards.network, method) for method in methods if method in trained]

    def _names(self, run: Run) -> dict[str, str]:
        """Return what fills the columns of a run's scores."""
        experiment, network, method = run
        dataset, split = (self.plan.experiments[experiment][name] for name in ("dataset", "split"))
        return {"experiment": experiment, "dataset": dataset, "split": split, "network": network, "method": method}
