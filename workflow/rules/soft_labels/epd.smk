"""Reads the prepared dataset; writes the soft label `epd`: numbers and hashes (computed where it is needed)."""


rule soften_epd:
    """Window means on a coarser grid; looks at the label map alone."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("epd"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="epd",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("epd"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
