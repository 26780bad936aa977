"""The plan: which runs, tables and pages config asks for. Questions that rules ask of it; no rule."""

NAMES = [one.name for one in workflow.rules]
RECIPES = sorted(name.removeprefix("soften_") for name in NAMES if name.startswith("soften_"))
KINDS = sorted(name.removeprefix("map_") for name in NAMES if name.startswith("map_"))
SOURCES = sorted(path.stem for path in Path(workflow.basedir, "workflow", "rules", "datasets").glob("*.smk"))
PLAN = stop_on_bad_input(Plan, config, RECIPES, KINDS, SOURCES)

for one in workflow.rules:
    recipe = one.name.removeprefix("soften_")
    if recipe in RECIPES:
        stop_on_bad_input(
            rule_files.check_recipe,
            recipe,
            Path(one.snakefile),
            list(map(strip_wildcard_constraints, one.output)),
            one.wildcard_constraints.get("soft_label"),
            keys_of(recipe),
            dict(one.params.items()),
        )


wildcard_constraints:
    experiment=settings.pattern(PLAN.experiments),
    table=settings.pattern(PLAN.tables),


def experiment_of(wildcards):
    return PLAN.experiments[wildcards.experiment]


def soft_label_of(wildcards):
    """Return the manifest of the soft label that a method learns from."""
    soft_label = PLAN.methods[wildcards.method]["soft_label"]
    return f"results/soft_labels/{experiment_of(wildcards)['dataset']}/{soft_label}/manifest.json"


def split_of(wildcards):
    """Return the split of an experiment; a bad one stops before any job starts."""
    experiment = experiment_of(wildcards)
    path = place_of_split(experiment["dataset"], experiment["split"])
    if path.startswith("workflow/") and workflow.is_main_process:
        read_split(path)
    return path


@functools.cache
def read_split(path):
    from softbench.datasets import splits

    return stop_on_bad_input(splits.read, path)


def run_of(wildcards):
    """Return what decides the runs of a method, seeds apart."""
    experiment, method = experiment_of(wildcards), PLAN.methods[wildcards.method]
    return {
        "names": names_of(wildcards),
        "network": config["networks"][wildcards.network],
        **{name: method[name] for name in ("loss", "raters", "resolution")},
        "protocol": PLAN.protocol_of(wildcards.experiment, wildcards.method),
        "scoring": experiment["scoring"],
        "versions": {
            "training": training_versions(wildcards),
            "scoring": version_of(*SCORING),
        },
    }


def names_of(wildcards):
    """Return what fills the columns of a run's scores."""
    names = {name: experiment_of(wildcards)[name] for name in ("dataset", "split")} | dict(wildcards.items())
    return {name: names[name] for name in ("experiment", "dataset", "split", "network", "method")}


def sanity_of(wildcards):
    """Return what decides the scores of a sanity row."""
    return {
        "kind": PLAN.methods[wildcards.method]["sanity"],
        "names": names_of(wildcards),
        "scoring": experiment_of(wildcards)["scoring"],
        "versions": version_of(*SCORING),
        "seed": PLAN.batches_of(wildcards.experiment, wildcards.method)[0][0],
    }


def training_versions(wildcards):
    """Return the VERSIONs of the modules that decide the weights of a run."""
    network = f"networks/{config['networks'][wildcards.network]['name']}.py"
    coarse = ["training/coarse.py", "resolution.py"] if PLAN.methods[wildcards.method]["resolution"] else []
    return version_of(*TRAINING, *coarse, network, *losses.modules(PLAN.methods[wildcards.method]["loss"]))


TRAINING = [
    "training/augment.py",
    "training/draws.py",
    "training/loop.py",
    "training/feed.py",
    "training/parts.py",
    "training/precision.py",
    "training/resident.py",
    "training/validate.py",
    "soft_labels/raters.py",
]
SCORING = ["inference", "predictors", "scoring", "coarse_scores", "temperature"]
SCORING = [*(f"training/{name}.py" for name in SCORING), "images.py", "store.py"]
SCORING += sorted(
    f"metrics/{path.name}" for path in (PACKAGE / "metrics").glob("*.py") if "\nVERSION = " in path.read_text()
)


def batches_of_run(experiment, network, method):
    """Return the manifests of all batches of a method."""
    folder = f"results/runs/{experiment}/{network}/{method}"
    return [f"{folder}/batch-{batch}.json" for batch in range(len(PLAN.batches_of(experiment, method)))]


def batches_of(table):
    """Return the manifests of all batches that a table shows."""
    return [path for run in PLAN.runs_of(table) for path in batches_of_run(*run)]


def dataset_of(wildcards):
    """Return the dataset that a table shows."""
    return PLAN.experiments[PLAN.tables[wildcards.table]["experiments"][0]]["dataset"]


def soft_labels_of(table):
    """Return the soft labels that a table's methods learn from, each once."""
    methods = [method for _, _, method in PLAN.runs_of(table) if method in PLAN.trained()]
    return list(dict.fromkeys(PLAN.methods[method]["soft_label"] for method in methods))


def soft_labels_shown(wildcards):
    """Return the manifests of the soft labels that a table's methods learn from."""
    return [
        f"results/soft_labels/{dataset_of(wildcards)}/{soft_label}/manifest.json"
        for soft_label in soft_labels_of(wildcards.table)
    ]


def products_of(targets):
    """Return what a reader wants of some tables: the tables, their figures, and one page."""
    tables = [name for name in targets if name in PLAN.tables]
    forms = [f"results/tables/{table}.{form}" for table in targets for form in ("csv", "md", "tex", "html")]
    figures = [f"results/figures/reliability_{table}.{form}" for table in tables for form in ("png", "pdf")]
    whole = list(targets) == list(config["run"])
    pages = ["results/report/index.html", "results/claims.md", "results/scores.parquet"] if whole else []
    pictures = [f"results/figures/soft_labels_{table}.{form}" for table in tables for form in ("png", "pdf")]
    return [
        *forms,
        *figures,
        *quality_behind(targets),
        *pictures,
        *files_behind(tables),
        *evidence_of(tables),
        *costs_behind(targets),
        *pages,
        *(comparison_of(tables) if whole else []),
        *(path for table in tables for path in ensembles_of(PLAN.ensembles_wanted(table))),
        *(f"results/report/{target}.html" for target in targets if not whole),
    ]


def tables_of(wildcards):
    """Return the tables of a page: those of `run:` for the index, else the one that it is called after."""
    return [name for name in targets_of(wildcards) if name in PLAN.tables]


def paper_tables_of(wildcards):
    """Return the papers' tables of a page."""
    return [name for name in targets_of(wildcards) if name in PLAN.paper_tables]


def targets_of(wildcards):
    """Return what a page shows: `run:` for the index, all papers' tables of one form, or the one it is called after."""
    if wildcards.page == "index":
        return config["run"]
    return PAPER_PAGES.get(wildcards.page, [wildcards.page])


PAPER_PAGES = {f"paper_tables{PLAN.form_of(data)}": PLAN.papers_of(data) for data in ("published", "open", "phantom")}


def table_settings(wildcards):
    """Return what decides a table besides its scores: its own settings, and its rows. Margins change no table."""
    source = config["datasets"][dataset_of(wildcards)]["source"]
    notes = [modules.licence_note(source)]
    if modules.has_pseudo_raters(source):
        notes.append("Pseudo-raters: each is put together from annotations of single objects by changing people.")
    splits = {PLAN.experiments[name]["split"] for name, _, _ in PLAN.runs_of(wildcards.table)}
    if any(split.startswith("leaky_") for split in splits):
        notes.append("The split may have a patient's cases in training and test: the scores flatter.")
    own = {name: value for name, value in PLAN.tables[wildcards.table].items() if name != "margins"}
    return {**own, "methods": table_rows.rows_of(PLAN, wildcards.table), "notes": notes}


def reporting_versions():
    """Return the VERSIONs of the modules that decide what a table or a figure shows."""
    rooms = [path for room in ("statistics", "reporting") for path in (PACKAGE / room).rglob("*.py")]
    return version_of(*sorted(str(p.relative_to(PACKAGE)) for p in rooms if "\nVERSION = " in p.read_text()))


def say_where_results_are():
    """Name the pages and tables that are there."""
    found = [path for folder in ("report", "tables") for path in sorted(Path("results", folder).glob("*"))]
    print(
        "Results:",
        *(f"  {path}" for path in found if path.suffix in {".html", ".md"}),
        sep="\n",
    )
