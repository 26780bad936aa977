"""Every recipe: each file of soft_labels/ with a rule `soften_<recipe>` is found here, then the plan is made."""

for path in sorted(Path(workflow.basedir, "workflow", "rules", "soft_labels").glob("*.smk")):

    include: f"soft_labels/{path.name}"


NAMES = [one.name for one in workflow.rules]
RECIPES = sorted(name.removeprefix("soften_") for name in NAMES if name.startswith("soften_"))
SOURCES = sorted(path.stem for path in Path(workflow.basedir, "workflow", "rules", "datasets").glob("*.smk"))
PLAN = stop_on_bad_input(Plan, config, RECIPES, SOURCES)
