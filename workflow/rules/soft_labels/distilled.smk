"""Reads the prepared dataset and a teacher's probabilities; writes the soft label `distilled`: stored probabilities, numbers and hashes."""


rule soften_distilled:
    """The mean probability of networks that did not see the case."""
    input:
        data="results/data/{dataset}/manifest.json",
        teacher=plan.teachers.of_soft_label,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("distilled"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="distilled",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("distilled"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
