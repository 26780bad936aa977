"""Reads trained and scored runs; writes tables, reliability diagrams and the page that shows them."""


rule table:
    """Means, spread, and differences to the control, in four forms."""
    input:
        runs=lambda wildcards: batches_of(wildcards.table),
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
    output:
        multiext("results/tables/{table}", ".csv", ".md", ".tex"),
        report(
            "results/tables/{table}.html",
            caption="../report/table.rst",
            category="Tables",
            subcategory="{table}",
            labels={"shows": "means and differences"},
        ),
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
        ensembles=lambda wildcards: ensembles_of(PLAN.ensembles_of(wildcards.table)),
    output:
        png=report(
            "results/figures/reliability_{table}.png",
            caption="../report/reliability.rst",
            category="Figures",
            subcategory="{table}",
            labels={"shows": "reliability diagrams"},
        ),
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
    """One self-contained page: what was run, a chapter for each table, the papers, and the licences of the data.

    A file finds its place and its heading by its name, see reporting/page/chapters.py.
    """
    input:
        runs=lambda wildcards: batches_shown(wildcards),
        numbers=lambda wildcards: of_each_table("results/tables/{table}.csv", wildcards),
        tables=lambda wildcards: of_each_table("results/tables/{table}.html", wildcards),
        reliability=lambda wildcards: of_each_table("results/figures/reliability_{table}.png", wildcards),
        quality=lambda wildcards: [path for path in quality_behind(targets_of(wildcards)) if path.endswith(".html")],
        pictures=lambda wildcards: of_each_table("results/figures/soft_labels_{table}.png", wildcards),
        statistics=lambda wildcards: of_each_table("results/tables/statistics_{table}.html", wildcards),
        ranks=lambda wildcards: of_each_table("results/tables/ranks_{table}.html", wildcards),
        rank_figures=lambda wildcards: of_each_table("results/figures/ranks_{table}.png", wildcards),
        rank_captions=lambda wildcards: of_each_table("results/figures/ranks_{table}.txt", wildcards),
        cases=lambda wildcards: of_each_table("results/figures/cases_{table}.png", wildcards),
        case_captions=lambda wildcards: of_each_table("results/figures/cases_{table}.txt", wildcards),
        free=lambda wildcards: of_each_table("results/tables/free_{table}.html", wildcards),
        policies=lambda wildcards: of_each_table("results/tables/policies_{table}.html", wildcards),
        truth=lambda wildcards: [
            f"results/tables/truth_{table}.html" for table in tables_of(wildcards) if table in TRUTH_TABLES
        ],
        between=lambda wildcards: [
            path for path in comparison_of(tables_of(wildcards)) if path.endswith("html") and wildcards.page == "index"
        ],
        costs=lambda wildcards: of_each_table("results/tables/costs_{table}.html", wildcards),
        papers=lambda wildcards: [f"results/tables/{table}.html" for table in paper_tables_of(wildcards)],
        figures=lambda wildcards: [
            f"results/figures/{figure}.{form}" for figure in figures_of_page(wildcards) for form in ("png", "txt")
        ],
        claims=lambda wildcards: claims_of_page(wildcards),
    output:
        page=report(
            "results/report/{page}.html", caption="../report/page.rst", category="Report", labels={"shows": "{page}"}
        ),
    log:
        "results/logs/report/{page}.log",
    wildcard_constraints:
        page=settings.pattern(["index", *PLAN.tables, *PLAN.paper_tables, *PAPER_PAGES]),
    conda:
        "../../envs/report.yaml"
    params:
        shown=page_settings,
        version=reporting_versions(),
    script:
        "../scripts/report.py"
