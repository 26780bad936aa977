"""Reads label maps of several raters, and images where there are some; writes how well soft labels made from one rater
say what the others drew. Trains nothing."""


wildcard_constraints:
    study=plan.rater_studies.names,


rule rater_study:
    """All studies of config; `rater_study_<name>` is one."""
    input:
        plan.rater_studies.all,


rule fetch_labels:
    """Download the label maps of a source without its images, or check the folder that `folders` names."""
    output:
        manifest="results/raw_labels/{source}/manifest.json",
    log:
        "results/logs/raw_labels/{source}.log",
    wildcard_constraints:
        source=plan.rater_studies.sources,
    localrule: True
    conda:
        "../../envs/data.yaml"
    params:
        source="{source}",
        labels_alone=True,
        content=plan.data.content,
        version=plan.data.fetch_versions,
        code=plan.stages.script("fetch.py"),
    script:
        "../scripts/fetch.py"


rule measure_raters:
    """Make each soft label from each rater in turn and compare it with the others; a killed job goes on where it was."""
    input:
        raw=plan.rater_studies.raw,
    output:
        manifest="results/rater_study/{study}/manifest.json",
    log:
        "results/logs/rater_study/{study}.log",
    conda:
        "../../envs/labels.yaml"
    threads: plan.rater_studies.threads
    resources:
        cpus_per_task=plan.rater_studies.threads,
        mem_mb=plan.rater_studies.memory_mb,
        runtime=240,
    params:
        source=plan.rater_studies.source,
        study=plan.rater_studies.settings,
        sweeps=plan.rater_studies.sweeps,
        recipes=plan.rater_studies.recipes,
        version=plan.rater_studies.versions,
        code=plan.stages.script("measure_raters.py"),
    script:
        "../scripts/measure_raters.py"


rule report_raters:
    """Choose settings on one half of the patients, score the other, and write table, figures and paragraph."""
    input:
        manifest="results/rater_study/{study}/manifest.json",
    output:
        multiext("results/rater_study/{study}/table", ".csv", ".md"),
        multiext("results/rater_study/{study}/widths", ".pdf", ".txt"),
        multiext("results/rater_study/{study}/reliability", ".pdf", ".txt"),
        report(
            multiext("results/rater_study/{study}/", "table.html", "widths.png", "reliability.png"),
            caption="../report/rater_study.rst",
            category="Raters",
            subcategory="{study}",
        ),
        paragraph="results/rater_study/{study}/paragraph.txt",
    log:
        "results/logs/rater_study/{study}_report.log",
    conda:
        "../../envs/report.yaml"
    params:
        titles=plan.rater_studies.titles,
        note=plan.rater_studies.note,
        code=plan.stages.cheap("report_raters.py"),
    script:
        "../scripts/report_raters.py"
