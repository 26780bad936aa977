"""What a plan says of an experiment's data, and where in config that stands; read from the text of the source."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from softbench.papers.rehearsal import SUFFIX
from softbench.plan import modules
from softbench.plan.places import KeyPath

if TYPE_CHECKING:
    from softbench.plan.plan import Plan

IN_REHEARSAL = ("dataset", "networks", "seeds", "protocol", "structures", "composites")


class Facts:
    """Answers on the experiments of a plan; None or nothing is known of data whose source computes what it declares."""

    def __init__(self, plan: "Plan") -> None:
        """Take the plan."""
        self.plan = plan

    def path(self, experiment: str, *rest: Any) -> KeyPath:
        """Return where a setting of an experiment stands in config; those of a rehearsal stand in its experiment."""
        written: Mapping[str, Any] = self.plan.config["experiments"]
        if experiment in written:
            return ("experiments", experiment, *rest)
        base = experiment.removesuffix(SUFFIX)
        is_own = rest and rest[0] in IN_REHEARSAL and rest[0] in written[base]["rehearsal"]
        return ("experiments", base, *(["rehearsal"] if is_own or not rest else []), *rest)

    def source(self, dataset: str) -> str:
        """Return the source of a data set."""
        source: str = self.plan.datasets[dataset]["source"]
        return source

    def dims(self, dataset: str) -> int | None:
        """Return whether images are 2-D or 3-D; None where the source does not say so."""
        dims: int | None = self._declared(dataset, "DIMS")
        return dims

    def label_maps(self, dataset: str) -> int | None:
        """Return how many label maps a case has, one a rater; None where the source does not say so."""
        count: int | None = self._declared(dataset, "LABEL_MAPS")
        return count

    def structures(self, dataset: str) -> list[str] | None:
        """Return the structures of a data set; None where the source computes them."""
        declared = self._declared(dataset, "STRUCTURES")
        return None if declared is None else list(declared)

    def splits(self, dataset: str) -> list[str]:
        """Return the splits of a data set: committed ones, and those that its source derives by a rule."""
        folder = modules.PACKAGE.parent / "splits" / dataset
        committed = [path.stem for path in folder.glob("*.csv")]
        return sorted({*committed, *(self._declared(dataset, "SPLITS") or {})})

    def _declared(self, dataset: str, name: str) -> Any:
        return modules.constant(modules.file_of_source(self.source(dataset)), name, None)
