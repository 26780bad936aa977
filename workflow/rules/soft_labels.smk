"""Every recipe and every map: each file of soft_labels/ has a rule `soften_<recipe>`, each of maps/ one `map_<kind>`."""

from snakemake.io import strip_wildcard_constraints

from softbench.plugin import rule_files, words

# Modules that decide any soft label, whatever its recipe.
SOFTENING = [f"soft_labels/{name}.py" for name in ("ignore", "quality")] + ["store.py"]

IMAGE = ["soft_labels/intensities.py"]  # decides which image a map or a recipe sees

# Modules that decide a map, and with it every soft label that mixes it.
GEODESIC = IMAGE + [
    f"soft_labels/{name}.py"
    for name in ("geols", "geols_map", "geols_readings", "closeness", "geodesic", "raster", "seeds", "maps")
]
SLIC = IMAGE + [
    f"soft_labels/{name}.py"
    for name in ("superpixel", "slic", "slic_clusters", "slic_voxels", "slic_connect", "signed_distance", "maps")
]

words.find_softbench()


def words_of(**defaults):
    """Return the settings of a soft label as words for a program, `name=value`; one without a default is refused."""
    return lambda wildcards: stop_on_bad_input(
        words.complete, f"config.yaml: soft_labels.{wildcards.soft_label}", settings_of(wildcards), defaults
    )


for folder in ("maps", "soft_labels"):
    for path in stop_on_bad_input(rule_files.check_names, Path(workflow.basedir, "workflow", "rules", folder)):
        try:
            workflow.include(str(path))  # as `include:` does, which cannot be tried
        except Exception as error:
            raise WorkflowError(str(rule_files.unreadable(path, error))) from None
