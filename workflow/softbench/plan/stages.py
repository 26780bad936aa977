"""What decides the numbers of each kind of job: the VERSIONs of modules, and the code of scripts."""

from softbench.losses import catalogue as losses
from softbench.plan.modules import PACKAGE, version_of

Versions = dict[str, int]
SOFTENING = [f"soft_labels/{name}.py" for name in ("ignore", "measures")] + ["store.py"]
IMAGE = ["soft_labels/intensities.py"]
GEODESIC = IMAGE + [
    f"soft_labels/{name}.py"
    for name in ("geols", "geols_map", "geols_readings", "closeness", "geodesic", "raster", "seeds", "maps")
]
SLIC = IMAGE + [
    f"soft_labels/{name}.py"
    for name in ("superpixel", "slic", "slic_clusters", "slic_voxels", "slic_connect", "signed_distance", "maps")
]
CASES = [f"datasets/{step}.py" for step in ("prepare", "intake", "normalise", "intensities")]
PUBLISHED = [*CASES, *(f"datasets/{step}.py" for step in ("reading", "resample", "window", "crop"))]
PUBLISHED += ["images.py", "store.py"]
MADE = [*CASES, "datasets/phantoms/__init__.py", "datasets/phantoms/fields.py", "store.py"]
TRAINING = [
    *(f"training/{name}.py" for name in ("augment", "draws", "loop", "feed", "parts", "precision", "resident")),
    "training/validate.py",
    "soft_labels/raters.py",
]
SCORING = ["inference", "predictors", "scoring", "coarse_scores", "temperature_scaling"]
SCORING = [*(f"training/{name}.py" for name in SCORING), "images.py", "store.py"]


def _declaring(*rooms: str) -> list[str]:
    found = [path for room in rooms for path in (PACKAGE / room).rglob("*.py")]
    return sorted(str(path.relative_to(PACKAGE)) for path in found if "\nVERSION = " in path.read_text())


def fetch(source: str) -> Versions:
    """Return the VERSIONs of the modules that decide which files of a source are fetched."""
    return version_of(f"datasets/{source}.py", "datasets/fetch.py")


def prepare(source: str) -> Versions:
    """Return the VERSIONs of the modules that decide a prepared case of a source."""
    if source.startswith("phantom_"):
        return version_of(f"datasets/phantoms/{source.removeprefix('phantom_')}.py", *MADE)
    return version_of(f"datasets/{source}.py", *PUBLISHED)


def split() -> Versions:
    """Return the VERSIONs of the modules that decide a split that a rule makes."""
    return version_of("datasets/splits.py")


def soften(recipe: str) -> Versions:
    """Return the VERSIONs of the modules that decide a soft label of a recipe."""
    more = {"geols": GEODESIC, "wrong_image": GEODESIC, "superpixel": SLIC}.get(recipe, [])
    return version_of(*SOFTENING, f"soft_labels/{recipe}.py", *more)


def mapped(recipe: str) -> Versions:
    """Return the VERSIONs of the modules that decide the maps of a recipe."""
    return soften(recipe)


def train(loss: str, network: str, recipe: str, *, coarse: bool) -> Versions:
    """Return the VERSIONs of the modules that decide the weights of a run."""
    more = ["training/coarse.py", "resolution.py"] if coarse else []
    return version_of(*TRAINING, *more, f"networks/{network}.py", *losses.modules(loss))


def score() -> Versions:
    """Return the VERSIONs of the modules that decide the scores of a run."""
    return version_of(*SCORING, *_declaring("metrics"))


def ensemble() -> Versions:
    """Return the VERSIONs of the modules that decide the scores of an ensemble."""
    return version_of("training/ensemble.py")


def reporting() -> Versions:
    """Return the VERSIONs of the modules that decide what a table or a figure shows."""
    return version_of(*_declaring("statistics", "reporting"))


def claims() -> Versions:
    """Return the VERSIONs of the modules that decide a verdict, and what is shown of it."""
    return reporting() | version_of(*_declaring("claims"))


def one_case() -> Versions:
    """Return the VERSIONs of the modules that decide a figure of predictions."""
    return reporting() | version_of("training/one_case.py")


def costs() -> Versions:
    """Return the VERSIONs of the modules that decide a table of costs."""
    return version_of("costs/table.py", "reporting/cost_table.py")


def quality() -> Versions:
    """Return the VERSIONs of the modules that decide a table of the quality of soft labels."""
    return version_of("reporting/quality.py")


def pack() -> Versions:
    """Return the VERSIONs of the modules that decide a soft label that a program writes."""
    return version_of(*SOFTENING, "plugin/export.py")


def gallery() -> Versions:
    """Return the VERSIONs of the modules that decide a picture of soft labels."""
    return version_of("reporting/figures/gallery.py")
