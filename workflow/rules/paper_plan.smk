"""Which runs stand beside the numbers of a paper's table, and what is missing. Questions; no rule."""

from softbench.plan import availability
from softbench.plan import notes as paper_notes
from softbench.plan import pick as paper_pick

CHOICE = "Our choice: {}"  # where the paper leaves something open
FETCH = "snakemake --cores 4 results/raw/{source}/manifest.json"


@functools.cache
def published_table(key):
    from softbench import published

    return stop_on_bad_input(published.read, key)


def source_of(experiment):
    """Return the source of an experiment's dataset."""
    return config["datasets"][PLAN.experiments[experiment]["dataset"]]["source"]


def missing(experiment):
    """Say why there is no data for an experiment; None where a job can have it."""
    return availability.reason_missing(source_of(experiment), config)


def runs_of_block(table, block):
    """Return the (experiment, network, method) that stand beside a block's printed rows; none where data is missing."""
    return [] if missing(block["experiment"]) else runs_printed(table, block)


def runs_printed(table, block):
    """Return the (experiment, network, method) of a block's printed rows and variants, and of those that validation
    picks rows from, if there is data or not."""
    experiment = block["experiment"]
    cells = published_table(table["published"]).cells
    printed = dict.fromkeys([*(cell.place.method for cell in cells), *block["variants"]])
    methods = [method for method in paper_pick.methods_run(block, printed) if method in PLAN.methods_of(experiment)]
    (network,) = PLAN.experiments[experiment]["networks"]
    return [(experiment, network, method) for method in methods]


def batches_of_block(table, block):
    """Return the manifests of all batches of a block."""
    return [path for run in runs_of_block(table, block) for path in batches_of_run(*run)]


def batches_of_paper_table(wildcards):
    """Return the manifests of all batches of a paper's table; one batch may serve several blocks."""
    table = PLAN.paper_tables[wildcards.table]
    return list(dict.fromkeys(path for block in table["blocks"] for path in batches_of_block(table, block)))


def paper_table_settings(wildcards):
    """Return what decides a paper's table besides its scores."""
    table = PLAN.paper_tables[wildcards.table]
    experiments = dict.fromkeys(block["experiment"] for block in table["blocks"])
    sources = dict.fromkeys(source_of(one) for one in experiments if not missing(one))
    return {
        "published": table["published"],
        "policy": table.get("policy", "diagonal"),
        "grid": table.get("grid", "full"),
        "titles": titles_of_blocks(table) | picked_titles(table) | scaled_titles(table),
        "notes": [
            *paper_notes.rehearsal_notes(experiments),
            *map(CHOICE.format, table.get("choices", [])),
            *paper_notes.precision_notes(PLAN, experiments),
            *map(modules.licence_note, sources),
        ],
        "blocks": [block_settings(table, block) for block in table["blocks"]],
    }


def block_settings(table, block):
    """Return what `paper_blocks.read` needs of a block."""
    experiment = PLAN.experiments[block["experiment"]]
    return {
        **{name: block[name] for name in ("printed", "arm", "surrogate", "same_cases")},
        "data": experiment["dataset"],
        "structures": experiment.get("structures", {}),
        "composites": experiment.get("composites", {}),
        "command": FETCH.format(source=source_of(block["experiment"])),
        "missing": missing(block["experiment"]),
        "batches": batches_of_block(table, block),
        "scaled": scaled_of_block(table, block),
        "pick": paper_pick.settings_of(PLAN, block),
        "lengths": paper_notes.lengths_of(
            PLAN, block["experiment"], [method for _, _, method in runs_printed(table, block)]
        ),
    }


def scaled_of_block(table, block):
    """Return the further row of a block: its first printed method, the baseline, at its own temperature."""
    runs = runs_of_block(table, block)
    makes = PLAN.experiments[block["experiment"]]["scoring"].get("temperature")
    return {method: method + table_rows.SIGN for _, _, method in runs[:1] if makes}


def titles_of_blocks(table):
    """Return the titles of the methods that a paper's table prints or shows, in the order of config."""
    printed = {cell.place.method for cell in published_table(table["published"]).cells}
    shown = {method for block in table["blocks"] for method in PLAN.methods_of(block["experiment"])} | printed
    return {name: method["title"] for name, method in PLAN.methods.items() if name in shown}


def picked_titles(table):
    """Return the titles of the methods that the rows of a paper's table are picked from."""
    return {key: title for block in table["blocks"] for key, title in paper_pick.titles_of(PLAN, block).items()}


def scaled_titles(table):
    """Return the titles of the further rows of a paper's table."""
    found = [scaled_of_block(table, block).items() for block in table["blocks"]]
    return {key: table_rows.TITLE.format(PLAN.methods[method]["title"]) for pairs in found for method, key in pairs}


def products_of_papers(data):
    """Return all that the papers show, on the data that `data` in config names."""
    tables = PLAN.papers_of(data)
    forms = [f"results/tables/{table}.{form}" for table in tables for form in ("csv", "md", "tex", "html")]
    page = f"paper_tables{PLAN.form_of(data)}"
    return [
        *forms,
        *figure_files(figures_of_papers(data)),
        *quality_behind(tables),
        *costs_behind(tables),
        *(f"results/{page}/claims.{form}" for form in ("csv", "md", "html")),
        f"results/report/{page}.html",
    ]
