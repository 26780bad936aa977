"""Reads the prepared dataset and its superpixels; writes the soft label `superpixel`: numbers and hashes."""


rule soften_superpixel:
    """Superpixel-guided softening; looks at the label map and the image, by way of the superpixels."""
    input:
        data="results/data/{dataset}/manifest.json",
        maps=plan.soft_labels.shards_of("slic"),
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("superpixel"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="superpixel",
        settings=plan.soft_labels.settings,
        map_settings=plan.soft_labels.settings_of_map("slic"),
        version=plan.stages.soften("superpixel"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
