"""Reads trained and scored runs; writes tables, reliability diagrams and the page that shows them."""


def products_of(tables):
    """Return what a reader wants of some tables: the tables, their figures, and one page."""
    forms = [f"results/tables/{table}.{form}" for table in tables for form in ("csv", "md", "tex", "html")]
    figures = [f"results/figures/reliability_{table}.{form}" for table in tables for form in ("png", "pdf")]
    whole = list(tables) == list(config["run"])
    pages = ["results/report/index.html", "results/scores.parquet"] if whole else []
    return [
        *forms,
        *figures,
        *pages,
        *(f"results/report/{table}.html" for table in tables if not whole),
    ]


def tables_of(wildcards):
    """Return the tables of a page: those of `run:` for the index, else the one that it is called after."""
    return config["run"] if wildcards.page == "index" else [wildcards.page]


def table_settings(wildcards):
    """Return what decides a table besides its scores: its own settings, and its rows."""
    rows = {method: PLAN.methods[method] for _, _, method in PLAN.runs_of(wildcards.table)}
    methods = [{"key": key, "title": one["title"], "control": one["control"]} for key, one in rows.items()]
    return {**config["tables"][wildcards.table], "methods": methods}


def reporting_versions():
    """Return the VERSIONs of the modules that decide what a table or a figure shows."""
    rooms = [path for room in ("statistics", "reporting") for path in (PACKAGE / room).glob("*.py")]
    return version_of(*sorted(str(p.relative_to(PACKAGE)) for p in rooms if "\nVERSION = " in p.read_text()))


rule table:
    """Means, spread, and differences to the control, in four forms."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
    output:
        multiext("results/tables/{table}", ".csv", ".md", ".tex", ".html"),
    log:
        "results/logs/tables/{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        version=reporting_versions(),
    script:
        "../scripts/table.py"


rule reliability:
    """How often a prediction is right by how confident it is, over all voxels, the foreground and the boundary."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
    output:
        png="results/figures/reliability_{table}.png",
        pdf="results/figures/reliability_{table}.pdf",
    log:
        "results/logs/figures/reliability_{table}.log",
    conda:
        "../../envs/report.yaml"
    params:
        table=table_settings,
        version=reporting_versions(),
    script:
        "../scripts/reliability.py"


rule report:
    """One self-contained page of tables and figures."""
    input:
        tables=lambda wildcards: [f"results/tables/{table}.html" for table in tables_of(wildcards)],
        figures=lambda wildcards: [f"results/figures/reliability_{table}.png" for table in tables_of(wildcards)],
    output:
        page="results/report/{page}.html",
    log:
        "results/logs/report/{page}.log",
    wildcard_constraints:
        page=settings.pattern(["index", *PLAN.tables]),
    conda:
        "../../envs/report.yaml"
    params:
        titles=lambda wildcards: [config["tables"][table]["title"] for table in tables_of(wildcards)],
        version=reporting_versions(),
    script:
        "../scripts/report.py"


def say_where_results_are():
    """Name the pages and tables that are there."""
    found = [path for folder in ("report", "tables") for path in sorted(Path("results", folder).glob("*"))]
    print(
        "Results:",
        *(f"  {path}" for path in found if path.suffix in {".html", ".md"}),
        sep="\n",
    )
