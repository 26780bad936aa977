"""What decides each stage: VERSIONs where a result is dear, a fingerprint of all code where it is made in seconds.

An answer goes into a rule's parameters, and what a dear stage gets into the keys of its pieces. The set of modules is
found by following imports; what is loaded by name (a source, a recipe, a loss, a network) counts where it is named.
A dear stage begins below its script, so that training and scoring, which share a job, have VERSIONs of their own.
Scripts only hand over; what they themselves say is `script`'s answer.
"""

from typing import Any

from softbench.errors import InputError
from softbench.losses import catalogue as losses
from softbench.plan.code.graph import Code

FETCHING = "softbench/datasets/fetch/fetch.py"
PREPARING = "softbench/datasets/prepare/prepare.py"
SPLITTING = "softbench/datasets/splits.py"
MAPPING = "softbench/soft_labels/maps.py"
SOFTENING = "softbench/soft_labels/produce.py"
PACKING = "softbench/tools/pack.py"
TRAINING = "softbench/training/weights.py"
COARSE = "softbench/training/coarse.py"
SCORING = "softbench/training/scores.py"
SANITY = "softbench/training/sanity.py"
ENSEMBLE = "softbench/training/ensemble.py"
MAKING = "softbench/tables/making.py"
INFERRING = "softbench/training/scores.py"  # what figures infer again


class Stages:
    """What the rules ask of the code."""

    def __init__(self, code: Code) -> None:
        """Take the code."""
        self.code = code

    def fetch(self, source: str) -> dict[str, int]:
        """Return the VERSIONs that decide the files of a published source."""
        return self.code.versions(*self.entries("fetch", source=source))

    def prepare(self, source: str) -> dict[str, int]:
        """Return the VERSIONs that decide the cases of a source, published or made."""
        return self.code.versions(*self.entries("prepare", source=source))

    def split(self) -> dict[str, int]:
        """Return the VERSIONs that decide a split that follows from a dataset's patients."""
        return self.code.versions(*self.entries("split"))

    def map(self, recipe: str) -> dict[str, int]:
        """Return the VERSIONs that decide the maps of a recipe; errors as `soften`."""
        self._require_recipe(recipe)
        return self.code.versions(*self.entries("map", recipe=recipe))

    def soften(self, recipe: str) -> dict[str, int]:
        """Return the VERSIONs that decide a soft label; a recipe that mixes maps reaches what makes them.

        Raises: InputError: if the recipe is no module: its VERSION would decide nothing.
        """
        self._require_recipe(recipe)
        return self.code.versions(*self.entries("soften", recipe=recipe))

    def _require_recipe(self, recipe: str) -> None:
        if self.code.module("soft_labels", recipe) is None:
            raise InputError(
                f"there is no module workflow/softbench/soft_labels/{recipe}.py, whose VERSION `plan.stages` was asked "
                "for. Correct the name in the rule; where a program writes the soft label, ask `plan.stages.pack()`."
            )

    def pack(self) -> dict[str, int]:
        """Return the VERSIONs that decide a soft label that a program writes."""
        return self.code.versions(*self.entries("pack"))

    def train(self, *, network: str, loss: str, recipe: str, coarse: bool) -> dict[str, int]:
        """Return the VERSIONs that decide the weights of a run.

        Args:
            network: its name in softbench.networks.
            loss: the expression of config.
            recipe: of the soft label; training computes soft labels, or mixes them from maps. A recipe that is no
                module of this package (a program, a rule of its own) counts nothing here: its label's hashes do.
            coarse: whether the method trains on a coarser grid.
        """
        entries = self.entries("train", network=network, loss=loss, recipe=recipe, coarse=coarse)
        return self.code.versions(*entries)

    def score(self) -> dict[str, int]:
        """Return the VERSIONs that decide the scores of given weights, which no training reaches."""
        return self.code.versions(*self.entries("score"))

    def sanity(self) -> dict[str, int]:
        """Return the VERSIONs that decide the scores of a sanity row."""
        return self.code.versions(*self.entries("sanity"))

    def ensemble(self) -> dict[str, int]:
        """Return the VERSIONs that decide the scores of an ensemble."""
        return self.code.versions(*self.entries("ensemble"))

    def entries(self, stage: str, **named: Any) -> tuple[str, ...]:
        """Return where a dear stage begins.

        Args:
            stage: one of `FIRST`.
            named: what its job loads by name: `source`, `recipe`, `network`, `loss` (an expression), `coarse` (a bool).
                What this stage does not load (`LOADS`) is left out: training and scoring share a job.
        Raises: InputError: if a source, network or loss does not exist.
        """
        found, named = [FIRST[stage]], {name: named[name] for name in LOADS.get(stage, ()) if name in named}
        if "source" in named:
            found.append(self._source(named["source"]))
        if "network" in named:
            found.append(f"softbench/networks/{named['network']}.py")
        if "loss" in named:
            found += [f"softbench/{module}" for module in losses.modules(named["loss"])]
        if recipe := self.code.module("soft_labels", named.get("recipe") or ""):
            found.append(recipe)
        return (*found, COARSE) if named.get("coarse") else tuple(found)

    def _source(self, name: str) -> str:
        if name.startswith("phantom_"):
            return f"softbench/datasets/phantoms/{name.removeprefix('phantom_')}.py"
        of_earlier_version = self.code.module("datasets", name)  # own sources lay there
        return (
            self.code.module("datasets", "sources", name)
            or of_earlier_version
            or f"softbench/datasets/sources/{name}.py"
        )

    def script(self, name: str) -> str:
        """Return the fingerprint of a script alone, "train.py" as "scripts/train.py": of how it calls its stage."""
        return self.code.own_fingerprint(f"scripts/{name}")

    def view(self, module: str, *more: str) -> str:
        """Return the fingerprint of all code that decides a view of a table, and of what writes it.

        Args:
            module: of the view, below the package.
            more: data files that it reads, below workflow/.
        """
        return self.code.fingerprint(f"softbench/{module}", MAKING, *more)

    def cheap(self, name: str, *more: str) -> dict[str, str | int]:
        """Return what decides what a script of a cheap stage writes: a fingerprint of all code that it reaches.

        Where it reaches what infers (figures of predictions, minutes of work), that part counts by its VERSIONs.

        Args:
            name: of the script, "table.py".
            more: modules that it loads by name, and data files that it reads, below workflow/.
        """
        script = f"scripts/{name}"
        if INFERRING not in self.code.reached(script):
            return {"code": self.code.fingerprint(script, *more)}
        return {"code": self.code.fingerprint(script, *more, but=[INFERRING]), **self.code.versions(INFERRING)}


FIRST = {
    "fetch": FETCHING,
    "prepare": PREPARING,
    "split": SPLITTING,
    "map": MAPPING,
    "soften": SOFTENING,
    "pack": PACKING,
    "train": TRAINING,
    "score": SCORING,
    "sanity": SANITY,
    "ensemble": ENSEMBLE,
}
LOADS = {  # by name; the key of scores holds that of the weights, so that `score` need not say its network
    "fetch": ("source",),
    "prepare": ("source",),
    "map": ("recipe",),
    "soften": ("recipe",),
    "train": ("network", "loss", "recipe", "coarse"),
    "score": ("network", "coarse"),
}
