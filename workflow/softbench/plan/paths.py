"""Paths below `results/`: one function, or one pattern with wildcards, for each kind of file."""

from collections.abc import Iterable
from pathlib import Path

from softbench.plan.modules import PACKAGE

DATASET = "results/data/{dataset}/manifest.json"
SOFT_LABEL = "results/soft_labels/{dataset}/{soft_label}/manifest.json"
MAP = "results/maps/{dataset}/{map}/shard-{shard}.json"
RECORD = "results/tables/{table}.json"  # what was made of a table's views
INDEX = Path("results", "report", "index.html")
SPLITS = PACKAGE.parent / "splits"  # the committed ones

Run = tuple[str, str, str]  # experiment, network, method


def of_page(page: str) -> str:
    """Return how names of files end that belong to all tables of a page: of `run:` with nothing, of a collection with
    its name."""
    return "" if page == INDEX.stem else f"_{page}"


def record(table: str) -> Path:
    """Return where it is recorded what was made of a table's views."""
    return Path(RECORD.format(table=table))


def raw(source: str) -> str:
    """Return the manifest of the fetched files of a source."""
    return f"results/raw/{source}/manifest.json"


def labels(source: str) -> str:
    """Return the manifest of the fetched label maps of a source, without its images."""
    return f"results/raw_labels/{source}/manifest.json"


def dataset(name: str) -> str:
    """Return the manifest of a prepared data set."""
    return DATASET.format(dataset=name)


def shards(dataset: str, name: str, count: int) -> list[str]:
    """Return the lists of the maps of a data set, one a shard."""
    return [f"results/maps/{dataset}/{name}/shard-{shard}.json" for shard in range(count)]


def soft_label(dataset: str, name: str) -> str:
    """Return the manifest of a soft label of a data set."""
    return SOFT_LABEL.format(dataset=dataset, soft_label=name)


def batches(run: Run, count: int) -> list[str]:
    """Return the manifests of the batches of a run."""
    return [f"results/runs/{'/'.join(run)}/batch-{batch}.json" for batch in range(count)]


def tried(run: Run) -> str:
    """Return what the runs of a setting say that is tried; the third of `run` is the method with this setting."""
    return f"results/runs/{'/'.join(run)}/tried.json"


def choice(run: Run) -> str:
    """Return which setting of a tuned method was chosen."""
    return f"results/runs/{'/'.join(run)}/choice.json"


def fold(dataset: str, teacher: str, fold: int) -> str:
    """Return the list of a teacher's networks that do not see a fold."""
    return f"results/teachers/{dataset}/{teacher}/fold-{fold}.json"


def teacher(dataset: str, name: str) -> str:
    """Return the list of a teacher's predictions."""
    return f"results/teachers/{dataset}/{name}/manifest.json"


def sanity(experiment: str, network: str) -> str:
    """Return the joint manifest of the rows of an experiment that are not trained."""
    return f"results/runs/{experiment}/{network}/sanity.json"


def ensembles(runs: Iterable[Run]) -> list[str]:
    """Return the joint manifests that list the ensembles of some runs, each once."""
    return once(f"results/runs/{experiment}/{network}/ensembles.json" for experiment, network, _ in runs)


def posthoc(runs: Iterable[Run]) -> list[str]:
    """Return the records of the post-hoc grids of some runs, each once."""
    return once(f"results/runs/{'/'.join(run)}/posthoc.json" for run in runs)


def split(dataset: str, name: str, *, derived: bool) -> str:
    """Return where a split lies: among the committed ones or, made once the patients are known, among the results.

    Args:
        dataset: whose cases are split.
        name: of the split.
        derived: whether the source of the data set says by which rule this split is made.
    """
    file = f"splits/{dataset}/{name}.csv"
    made = derived and not (SPLITS / dataset / f"{name}.csv").exists()
    return f"results/{file}" if made else f"workflow/{file}"


def tables(names: Iterable[str], forms: Iterable[str] = ("csv", "md", "html")) -> list[str]:
    """Return the files of some tables in some forms."""
    forms = list(forms)
    return [f"results/tables/{name}.{form}" for name in names for form in forms]


def figures(names: Iterable[str], forms: Iterable[str] = ("png", "pdf", "txt")) -> list[str]:
    """Return the files of some figures; `txt` is the caption."""
    forms = list(forms)
    return [f"results/figures/{name}.{form}" for name in names for form in forms]


def once(paths: Iterable[str]) -> list[str]:
    """Return the same, each once, in order."""
    return list(dict.fromkeys(paths))


def there(paths: Iterable[str]) -> list[str]:
    """Return the paths that exist now."""
    return [path for path in paths if Path(path).exists()]
