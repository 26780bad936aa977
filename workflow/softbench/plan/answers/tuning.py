"""What tuning.smk asks: which settings are tried, on which seeds, and what is chosen of them."""

from typing import Any

from softbench.plan import paths
from softbench.plan.answers.train import Train
from softbench.plan.calls import Wildcards, pattern
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan


class Tuning:
    """Answers to rules about settings that are chosen on validation cases; the attributes constrain wildcards."""

    def __init__(self, plan: Plan, stages: Stages, train: Train) -> None:
        """Read which methods are tuned, and which methods are their settings."""
        self.plan, self._stages, self._train = plan, stages, train
        self.tuned = pattern(plan.tried)
        self.tried = pattern(key for settings in plan.tried.values() for key in settings)

    def seeds(self, wildcards: Wildcards) -> list[int]:
        """Return the seeds that choose."""
        return list(self.plan.tuning_of(wildcards.experiment)["seeds"])

    def versions(self, wildcards: Wildcards) -> dict[str, int]:
        """Return the VERSIONs that decide what a run of a setting says, besides those of its weights."""
        return self._stages.versions("try")

    def records(self, wildcards: Wildcards) -> list[str]:
        """Return what the runs of each setting of a tuned method say."""
        return [paths.tried((*_place(wildcards), key)) for key in self.plan.tried[wildcards.method]]

    def choice(self, wildcards: Wildcards) -> str:
        """Return which setting of a tuned method was chosen."""
        return paths.choice((*_place(wildcards), wildcards.method))

    def soft_labels(self, wildcards: Wildcards) -> list[str]:
        """Return the soft labels that a tuned method may learn from."""
        return self._train.soft_labels_of((*_place(wildcards), wildcards.method))

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the `tried` settings of a method by the key of their methods, `seeds` and the `criterion`."""
        tried = {key: dict(values) for key, values in self.plan.tried[wildcards.method].items()}
        return {"tried": tried, **self.plan.tuning_of(wildcards.experiment)}

    def given(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what decides the runs of a tuned method, as `training.chosen.settle` takes it."""
        return self._train.given_of((*_place(wildcards), wildcards.method))


def _place(wildcards: Wildcards) -> tuple[str, str]:
    return wildcards.experiment, wildcards.network
