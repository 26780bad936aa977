"""Reads the prepared dataset; writes the soft label `msvls`: numbers and hashes (computed where it is needed)."""


rule soften_msvls:
    """SVLS of each rater, averaged."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("msvls"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="msvls",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("msvls"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
