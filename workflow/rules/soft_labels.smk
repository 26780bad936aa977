"""Every recipe: each file of soft_labels/ with a rule `soften_<recipe>` is a recipe."""

for path in sorted(Path(workflow.basedir, "workflow", "rules", "soft_labels").glob("*.smk")):

    include: f"soft_labels/{path.name}"
