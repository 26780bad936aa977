"""What teachers.smk asks: which networks teach, of which folds, and from which data they learn."""

from typing import Any

from softbench.plan import paths
from softbench.plan.answers.data import Data
from softbench.plan.answers.train import Train
from softbench.plan.calls import Wildcards, pattern
from softbench.plan.code.stages import Stages
from softbench.plan.paths import Run
from softbench.plan.plan import Plan


class Teachers:
    """Answers to rules about networks whose predictions are soft labels; `names` constrains {teacher}."""

    def __init__(self, plan: Plan, stages: Stages, data: Data, train: Train) -> None:
        """Read which teachers there are."""
        self.plan, self._stages, self._data, self._train = plan, stages, data, train
        self.names = pattern(plan.teachers)

    def of_soft_label(self, wildcards: Wildcards) -> str:
        """Return the list of the predictions that a soft label is made of."""
        return paths.teacher(wildcards.dataset, self.plan.soft_labels[wildcards.soft_label]["teacher"])

    def soft_label(self, wildcards: Wildcards) -> str:
        """Return the manifest of the soft label that the teacher's networks learn from."""
        experiment, _, method = self._run(wildcards)
        return self.plan.soft_label_of(experiment, method)

    def split(self, wildcards: Wildcards) -> str:
        """Return the split of the teacher's experiment."""
        return self._data.split_of(self._run(wildcards)[0])

    def run(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what decides the networks, seeds and folds apart."""
        return self._train.run_of(self._run(wildcards))

    def seeds(self, wildcards: Wildcards) -> list[int]:
        """Return the seeds of each fold's networks."""
        return list(self.plan.teachers[wildcards.teacher]["seeds"])

    def folds(self, wildcards: Wildcards) -> int:
        """Return how many folds the training part has."""
        return int(self.plan.teachers[wildcards.teacher]["folds"])

    def lists(self, wildcards: Wildcards) -> list[str]:
        """Return the lists of all folds' networks."""
        name = (wildcards.dataset, wildcards.teacher)
        return [paths.fold(*name, fold) for fold in range(self.folds(wildcards))]

    def versions(self, wildcards: Wildcards) -> dict[str, int]:
        """Return the VERSIONs that decide the predictions, besides those of the networks."""
        return self._stages.versions("teach", network=self.run(wildcards)["network"]["name"])

    def threads(self, wildcards: Wildcards) -> int:
        """Return torch's threads, which are part of the protocol."""
        return self._train.threads_of(self._run(wildcards)[0])

    def memory_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """Return the memory that training takes at most, MB; the next attempt gets more."""
        experiment, _, method = self._run(wildcards)
        return self._train.memory_of(experiment, method, attempt)

    def _run(self, wildcards: Wildcards) -> Run:
        """Return experiment, network (the first of the experiment) and method of a teacher."""
        teacher = self.plan.teachers[wildcards.teacher]
        experiment = self.plan.teacher_experiment(wildcards.teacher, wildcards.dataset)
        if experiment is None:  # no soft label asks for it: `checks` would have said so
            raise KeyError(wildcards.dataset)
        return experiment, self.plan.experiments[experiment]["networks"][0], teacher["method"]
