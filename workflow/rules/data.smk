"""Every source: each file of datasets/ has the rules that fetch (or make) its files and prepare its cases."""

# Modules that decide what a prepared case is: of any source, of one with files, of a phantom.
CASES = ["datasets/prepare.py", "datasets/intake.py", "datasets/normalise.py"]
PUBLISHED = [*CASES, "datasets/reading.py", "images.py"]
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


for path in sorted(Path(workflow.basedir, "workflow", "rules", "datasets").glob("*.smk")):

    include: f"datasets/{path.name}"
