"""Reads nothing: phantoms and simulated raters are made from seeds. Writes how far labels of 1 to 8 raters are from what
all of them would say, and from how many on mOH is better than SVLS of one. These rules train nothing."""


rule rater_laboratory:
    """The table, the figure and the paragraph of the panels, and the table of networks trained on such labels."""
    input:
        plan.laboratory.files,


rule measure_panels:
    """Let panels of each population read the cases, and score their labels; a killed job goes on where it was."""
    output:
        manifest="results/rater_laboratory/manifest.json",
    log:
        "results/logs/rater_laboratory.log",
    conda:
        "../../envs/labels.yaml"
    threads: 2
    resources:
        cpus_per_task=2,
        mem_mb=plan.laboratory.memory_mb,
        runtime=60,
    params:
        laboratory=plan.laboratory.settings,
        sweeps=plan.laboratory.sweeps,
        recipes=plan.laboratory.recipes,
        version=plan.laboratory.versions,
        code=plan.stages.script("measure_panels.py"),
    script:
        "../scripts/measure_panels.py"


rule report_panels:
    """Choose widths on one half of the cases, score the other, and write table, figure and paragraph."""
    input:
        manifest="results/rater_laboratory/manifest.json",
    output:
        multiext("results/rater_laboratory/table", ".csv", ".md"),
        multiext("results/rater_laboratory/curve", ".pdf", ".txt"),
        report(
            multiext("results/rater_laboratory/", "table.html", "curve.png"),
            caption="../report/rater_laboratory.rst",
            category="Raters",
            subcategory="laboratory",
        ),
        paragraph="results/rater_laboratory/paragraph.txt",
    log:
        "results/logs/rater_laboratory_report.log",
    conda:
        "../../envs/report.yaml"
    params:
        titles=plan.laboratory.titles,
        code=plan.stages.cheap("report_panels.py"),
    script:
        "../scripts/report_panels.py"
