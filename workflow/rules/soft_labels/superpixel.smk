"""Reads the prepared dataset and its superpixels; writes the soft label `superpixel`: numbers and hashes."""


rule soften_superpixel:
    """Superpixel-guided softening; looks at the label map and the image, by way of the superpixels."""
    input:
        data="results/data/{dataset}/manifest.json",
        maps=plan.soften.shards_of("slic"),
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soften.keys("superpixel"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="superpixel",
        settings=plan.soften.settings,
        map_settings=plan.soften.settings_of_map("slic"),
        version=plan.stages.soften("superpixel"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
