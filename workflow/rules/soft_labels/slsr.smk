"""Reads the prepared dataset and a teacher's probabilities; writes the soft label `slsr`: stored probabilities, numbers and hashes."""


rule soften_slsr:
    """One-hot, smoothed where confident learning takes the label for wrong."""
    input:
        data="results/data/{dataset}/manifest.json",
        teacher=plan.teachers.of_soft_label,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("slsr"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="slsr",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("slsr"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
