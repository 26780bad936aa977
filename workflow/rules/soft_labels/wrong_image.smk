"""Reads the prepared dataset and its main split; writes the soft label `wrong_image`: stored probabilities, numbers and hashes."""


rule soften_wrong_image:
    """Control: GeoLS on the image of the next case of the same part."""
    input:
        data="results/data/{dataset}/manifest.json",
        split=plan.data.main_split,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=plan.soft_labels.keys("wrong_image"),
    priority: 10
    conda:
        "../../../envs/labels.yaml"
    threads: plan.soft_labels.threads
    resources:
        cpus_per_task=plan.soft_labels.threads,
        mem_mb=plan.soft_labels.memory_mb,
        runtime=plan.soft_labels.minutes["wrong_image"],
    params:
        recipe="wrong_image",
        settings=plan.soft_labels.settings,
        version=plan.stages.soften("wrong_image"),
        code=plan.stages.script("soften.py"),
    script:
        "../../scripts/soften.py"
