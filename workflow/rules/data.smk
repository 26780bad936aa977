"""Every source: each file of datasets/ has the rules that fetch (or make) its files and prepare its cases."""

# Modules that decide what a prepared case is: of any source, of one with files, of a phantom.
CASES = [f"datasets/{step}.py" for step in ("prepare", "intake", "normalise", "intensities")]
PUBLISHED = [*CASES, *(f"datasets/{step}.py" for step in ("reading", "resample", "window", "crop"))]
PUBLISHED += ["images.py", "store.py"]
MADE = [
    *CASES,
    "datasets/phantoms/__init__.py",
    "datasets/phantoms/fields.py",
    "store.py",
]


def content_of(source):
    """Return what tells whether files changed: for a folder a hash of its content, wherever it lies."""

    def content(wildcards):
        if source not in config["folders"]:
            return "as published"
        from softbench.datasets import fetch

        cache = fetch.hashes_of(Path("results/raw", source))
        return stop_on_bad_input(fetch.content_of, source, Path(config["folders"][source]), cache)

    return content


def fetch_params(source):
    """Return what decides the files of a source: its module and, in a folder of the user's, their content."""
    modules = [f"datasets/{source}.py", "datasets/fetch.py"]
    return {"source": source, "content": content_of(source), "version": version_of(*modules)}


def wanted_sources(wildcards):
    """Return the manifests of the sources that the tables in `run:` need; phantoms have no rule that fetches them."""
    wanted = {name for target in config["run"] for name in PLAN.experiments_of(target)}
    sources = sorted({config["datasets"][PLAN.experiments[name]["dataset"]]["source"] for name in wanted})
    fetched = [source for source in sources if f"fetch_{source}" in NAMES]
    if not fetched and workflow.is_main_process:
        print("nothing to fetch: the tables in `run:` need phantoms only.", file=sys.stderr)
    return [f"results/raw/{source}/manifest.json" for source in fetched]


include: "fetch.smk"


def derived_splits(dataset):
    """Return the splits of a dataset that follow from its patients, each with its shares."""
    return modules.splits_of(config["datasets"][dataset]["source"])


def place_of_split(dataset, split):
    """Return where a split lies: among the committed ones or, made once the patients are known, among the results."""
    committed = f"workflow/splits/{dataset}/{split}.csv"
    derived = split in derived_splits(dataset) and not Path(workflow.basedir, committed).exists()
    return f"results/splits/{dataset}/{split}.csv" if derived else committed


def main_split_of(wildcards):
    """Return the main split of a dataset, for soft labels that look at other cases of the same part."""
    return place_of_split(wildcards.dataset, "main")


include: "split.smk"


for path in sorted(Path(workflow.basedir, "workflow", "rules", "datasets").glob("*.smk")):

    include: f"datasets/{path.name}"


# Where Snakemake itself runs: the nodes of a cluster rarely reach the internet.
workflow.localrules(*(one.name for one in workflow.rules if one.name.startswith("fetch_")))
