"""Reads the prepared dataset; writes the soft label `moh`: numbers and hashes (computed where it is needed)."""


rule soften_moh:
    """Mean one-hot of all raters."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("moh"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="moh",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("moh"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
