# Tables, figures and a report on what soft labels do, from config.yaml and config/.
#   snakemake --cores all                    what `run:` in config.yaml names
#   snakemake --cores all hippocampus        the table of that name, its figure and its page
#   snakemake --cores all paper_tables       the papers' tables and figures, ours beside the printed numbers
#   snakemake --cores all rater_study        soft labels of one rater against the other raters; trains nothing
#   snakemake --cores all rater_laboratory   simulated raters: how many does mOH need to beat SVLS of one?
#   snakemake --cores all --profile slurm    the same on a cluster


include: "workflow/plan.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/maps.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/tuning.smk"
include: "workflow/rules/teachers.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/papers.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/pages.smk"
include: "workflow/rules/rater_study.smk"
include: "workflow/rules/rater_laboratory.smk"


rule all:
    default_target: True
    input:
        plan.pages.run,


rule paper_tables:
    input:
        plan.pages.of_papers,


rule unknown_target:
    """Stops: a name that is no rule and no file is no target."""
    input:
        plan.unknown_target,
    output:
        "{no_such_target}",
    wildcard_constraints:
        no_such_target=r"[A-Za-z0-9_-]+",
    localrule: True


onstart:
    plan.begin_jobs()


onsuccess:
    plan.end()


onerror:
    plan.end(well=False)
