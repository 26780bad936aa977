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

COARSE = "softbench/training/coarse.py"
POSTHOC = "softbench/training/posthoc"
MAKING = "softbench/tables/making.py"
INFERRING = "softbench/training/scores.py"  # what figures infer again
FIRST = {  # stage -> where it begins
    "fetch": "softbench/datasets/fetch/fetch.py",
    "prepare": "softbench/datasets/prepare/prepare.py",
    "split": "softbench/datasets/splits.py",
    "map": "softbench/soft_labels/maps.py",
    "soften": "softbench/soft_labels/produce.py",
    "pack": "softbench/tools/pack.py",  # of what a program writes
    "train": "softbench/training/weights.py",
    "score": "softbench/training/scores.py",  # which no training reaches
    "teach": "softbench/training/teacher.py",
    "try": "softbench/training/trying.py",
    "choose": "softbench/training/choice.py",
    "sanity": "softbench/training/sanity.py",
    "ensemble": "softbench/training/ensemble.py",
    "posthoc": f"{POSTHOC}/grid.py",
    "raters": "softbench/rater_study/produce.py",
    "laboratory": "softbench/rater_study/laboratory/experiment.py",
}
LOADS = {  # by name; the key of scores holds that of the weights, so that `score` need not say its network
    "fetch": ("source",),
    "prepare": ("source",),
    "map": ("recipe",),
    "soften": ("recipe",),
    "raters": ("source",),
    "train": ("network", "loss", "recipe", "coarse"),
    "score": ("network", "coarse"),
    "posthoc": ("calibrations", "decoders"),
    "teach": ("network",),
}


class Stages:
    """What the rules ask of the code."""

    def __init__(self, code: Code) -> None:
        """Take the code."""
        self.code = code

    def versions(self, stage: str, **named: Any) -> dict[str, int]:
        """Return the VERSIONs that decide what a dear stage makes; arguments and errors as `entries`."""
        return self.code.versions(*self.entries(stage, **named))

    def map(self, recipe: str) -> dict[str, int]:
        """Return the VERSIONs that decide the maps of a recipe; errors as `soften`."""
        self._require_recipe(recipe)
        return self.versions("map", recipe=recipe)

    def soften(self, recipe: str) -> dict[str, int]:
        """Return the VERSIONs that decide a soft label; a recipe that mixes maps reaches what makes them.

        Raises: InputError: if the recipe is no module: its VERSION would decide nothing.
        """
        self._require_recipe(recipe)
        return self.versions("soften", recipe=recipe)

    def _require_recipe(self, recipe: str) -> None:
        if self.code.module("soft_labels", recipe) is None:
            raise InputError(
                f"there is no module workflow/softbench/soft_labels/{recipe}.py, whose VERSION `plan.stages` was asked "
                "for. Correct the name in the rule; where a program writes the soft label, ask `plan.stages.pack()`."
            )

    def pack(self) -> dict[str, int]:
        """Return the VERSIONs that decide a soft label that a program writes."""
        return self.versions("pack")

    def entries(self, stage: str, **named: Any) -> tuple[str, ...]:
        """Return where a dear stage begins.

        Args:
            stage: one of `FIRST`.
            named: what its job loads by name: `source`, `recipe`, `network`, `loss` (an expression), `coarse` (whether
                it trains on a coarser grid), `calibrations` and `decoders` (lists). What this stage does not load
                (`LOADS`) is left out: training and scoring share a job. A recipe that is no module of this package (a
                program, a rule of its own) counts nothing where a run is trained: its label's hashes do.
        Raises: InputError: if a source, network or loss does not exist.
        """
        entries, named = [FIRST[stage]], {name: named[name] for name in LOADS.get(stage, ()) if name in named}
        if "source" in named:
            entries.append(self._source(named["source"]))
        if "network" in named:
            entries.append(f"softbench/networks/{named['network']}.py")
        if "loss" in named:
            entries += [f"softbench/{module}" for module in losses.modules(named["loss"])]
        for room in ("calibrations", "decoders"):
            entries += [f"{POSTHOC}/{room}/{name}.py" for name in named.get(room, ())]
        if recipe := self.code.module("soft_labels", named.get("recipe") or ""):
            entries.append(recipe)
        return (*entries, COARSE) if named.get("coarse") else tuple(entries)

    def _source(self, name: str) -> str:
        if name.startswith("phantom_"):
            return f"softbench/datasets/phantoms/{name.removeprefix('phantom_')}.py"
        places = (self.code.module("datasets", *folder, name) for folder in (["sources"], []))  # [] of earlier versions
        return next(filter(None, places), f"softbench/datasets/sources/{name}.py")

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
