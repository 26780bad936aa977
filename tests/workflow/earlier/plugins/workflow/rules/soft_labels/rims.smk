"""Reads the prepared dataset, its main split and its maps of rims; writes the soft label `rims`."""


def split_of_rims(wildcards):
    """Ask the plan for what no soft label of the suite asks: the split of an experiment on this dataset."""
    names = [name for name, one in PLAN.experiments.items() if one["dataset"] == wildcards.dataset]
    return place_of_split(wildcards.dataset, PLAN.experiments[names[0]]["split"])


rule soften_rims:
    """A share of each voxel's certainty goes to all classes, the more the nearer an edge is."""
    input:
        data=DATASET,
        maps=shards_of("rims"),
        split=split_of_rims,
    output:
        manifest="results/soft_labels/{dataset}/{soft_label}/manifest.json",
    log:
        "results/logs/soft_labels/{dataset}/{soft_label}.log",
    wildcard_constraints:
        soft_label=keys_of("rims"),
    conda:
        "../../../envs/labels.yaml"
    params:
        recipe="rims",
        settings=lambda wildcards: {**settings_of(wildcards)},
        map_settings=settings_of_map("rims"),
        made_of=lambda wildcards: config["soft_labels"].get(wildcards.soft_label, {}).get("map"),
        map_name=lambda wildcards: map_name_of("rims", wildcards),
        version=version_of(*SOFTENING, "soft_labels/rims.py", "soft_labels/maps.py"),
    script:
        "../../scripts/soften.py"
