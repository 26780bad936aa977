# Tables, figures and a report on what soft labels do, from config.yaml.
#   snakemake --cores all                    what `run:` in config.yaml names
#   snakemake --cores all hippocampus        the table of that name, its figure and its page
#   snakemake --cores all --profile slurm    the same on a cluster


configfile: "config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/soft_labels.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/quality.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        products_of(config["run"]),


for table in PLAN.tables:

    rule:
        name:
            table
        input:
            products_of([table]),


onstart:
    lock.note_owner()


onsuccess:
    say_where_results_are()
