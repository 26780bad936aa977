"""Which runs the papers' sentences are judged on. Questions; no rule."""

from types import SimpleNamespace

from softbench import pieces

RUN = "snakemake --cores all {table}"
PRINTED = sorted(str(path) for path in Path("workflow", "published").glob("*.yaml"))


def papers_as_they_are(wildcards):
    """Return what decides the papers' tables, with the runs that lie there and no others: claims train nothing, and
    where data is or could be had is no matter."""
    return [with_runs(table, batches_there) for table in PLAN.papers_of(config["data"])]


def papers_in_full(wildcards):
    """Return what decides the papers' tables of a page, with all their runs."""
    return [with_runs(table, batches_of_block) for table in PAPER_PAGES[wildcards.page]]


def batches_there(table, block):
    """Return the manifests of a block's batches that lie there."""
    every = [path for run in runs_printed(table, block) for path in batches_of_run(*run)]
    return [path for path in every if Path(path).exists()]


def with_runs(table, batches_of):
    """Return what decides a paper's table but its words; a block without runs says so, and which command makes them."""
    one = PLAN.paper_tables[table]
    chosen = paper_table_settings(SimpleNamespace(table=table))
    unrun = {"missing": "nothing was run yet", "command": RUN.format(table=table)}
    blocks = []
    for block, known in zip(one["blocks"], chosen["blocks"], strict=True):
        batches = batches_of(one, block)
        blocks.append({**known, "scaled": {}, "batches": batches, **({"missing": None} if batches else unrun)})
    return {name: chosen[name] for name in ("published", "policy", "grid")} | {"blocks": blocks}


def hashes_of_runs(wildcards):
    """Return what the runs that lie there hold, so that others are judged anew."""
    blocks = [block for table in papers_as_they_are(wildcards) for block in table["blocks"]]
    return {path: pieces.hash_file(Path(path)) for block in blocks for path in block["batches"]}


def claims_versions():
    """Return the VERSIONs of the modules that decide a verdict, and what is shown of it."""
    modules = (str(path.relative_to(PACKAGE)) for path in sorted((PACKAGE / "claims").glob("*.py")))
    judging = [module for module in modules if "\nVERSION = " in (PACKAGE / module).read_text()]
    return reporting_versions() | version_of(*judging)


def claims_of_page(wildcards):
    """Return the verdicts that a page shows: after all its runs for the papers' own, of what lies there for others."""
    return [f"results/{wildcards.page}/claims.html" if wildcards.page in PAPER_PAGES else "results/claims.html"]
