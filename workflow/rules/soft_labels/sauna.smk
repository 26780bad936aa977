"""Reads the prepared dataset; writes the soft label `sauna`: stored probabilities, numbers and hashes."""


rule soften_sauna:
    """Signed distances from the edge, sharper where a structure is thin; looks at the label map alone."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("sauna"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="sauna",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("sauna"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
