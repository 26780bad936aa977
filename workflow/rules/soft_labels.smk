"""Every recipe and every map: each file of soft_labels/ has a rule `soften_<recipe>`, each of maps/ one `map_<kind>`."""

# Modules that decide any soft label, whatever its recipe.
SOFTENING = [f"soft_labels/{name}.py" for name in ("ignore", "quality")] + ["store.py"]

# Modules that decide a map, and with it every soft label that mixes it.
GEODESIC = [
    f"soft_labels/{name}.py"
    for name in ("geols", "geols_map", "geols_readings", "closeness", "geodesic", "raster", "seeds", "maps")
]
SLIC = [
    f"soft_labels/{name}.py"
    for name in ("superpixel", "slic", "slic_clusters", "slic_voxels", "slic_connect", "signed_distance", "maps")
]

for folder in ("maps", "soft_labels"):
    for path in sorted(Path(workflow.basedir, "workflow", "rules", folder).glob("*.smk")):

        include: f"{folder}/{path.name}"
