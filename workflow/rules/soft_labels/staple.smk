"""Reads the prepared dataset; writes the soft label `staple`: stored probabilities, numbers and hashes."""


rule soften_staple:
    """The probability of each class given what all raters drew, each weighed by how well he knows the class."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("staple"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="staple",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("staple"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
