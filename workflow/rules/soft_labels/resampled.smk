"""Reads the prepared dataset; writes the soft label `resampled`: numbers and hashes (computed where it is needed)."""


rule soften_resampled:
    """Labels kept soft through resampling; of a dataset with `label_interpolation: soft`."""
    input:
        data="results/data/{dataset}/manifest.json",
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("resampled"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="resampled",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("resampled"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
