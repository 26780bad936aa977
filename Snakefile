# Tables, figures and a report on what soft labels do, from config.yaml.
#   snakemake --cores all                    what `run:` in config.yaml names
#   snakemake --cores all hippocampus        the table of that name, its figure and its page
#   snakemake --cores all paper_tables       the papers' tables and figures, ours beside the printed numbers
#   snakemake --cores all --profile slurm    the same on a cluster


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/cluster.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/soft_labels.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/quality.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/page.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/free_rows.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/costs.smk"
include: "workflow/rules/papers.smk"
include: "workflow/rules/claims.smk"


rule all:
    default_target: True
    input:
        products_of(config["run"]),


rule paper_tables:
    input:
        products_of_papers(config["data"]),


for target in [*PLAN.tables, *PLAN.paper_tables]:

    rule:
        name:
            target
        input:
            products_of([target]),


onsuccess:
    say_where_results_are()
