"""What the page says of each table besides its files: data, methods, runs, licences. Questions; no rule."""


def of_each_table(path, wildcards):
    """Return a file of each table of a page."""
    return [path.format(table=table) for table in tables_of(wildcards)]


def batches_shown(wildcards):
    """Return the manifests of all batches that a page speaks of, each once."""
    shown = page_settings(wildcards)
    every = [*shown["tables"].values(), *shown["papers"].values()]
    return list(dict.fromkeys(path for facts in every for path in facts["batches"]))


def page_settings(wildcards):
    """Return what `reporting.page.report.write` says of the tables, the papers' tables and the data of a page."""
    tables, papers = tables_of(wildcards), paper_tables_of(wildcards)
    experiments = [experiment for table in tables for experiment, _, _ in PLAN.runs_of(table)]
    experiments += [experiment for table in papers for experiment in experiments_at_hand(table)]
    return {
        "tables": {table: facts_of_table(table) for table in tables},
        "papers": {table: facts_of_paper_table(table) for table in papers},
        "figures": figures_of_page(wildcards),
        "cards": [modules.data_card(source) for source in dict.fromkeys(map(source_of, experiments))],
    }


def facts_of_table(table):
    """Return the title, data, methods and batches of a table."""
    title, runs = PLAN.tables[table]["title"], PLAN.runs_of(table)
    return facts_of(title, runs, batches_of(table))


def facts_of_paper_table(table):
    """Return the same of a paper's table, for what there is data for."""
    one = PLAN.paper_tables[table]
    runs = list(dict.fromkeys(run for block in one["blocks"] for run in runs_of_block(one, block)))
    return facts_of(title_of_printed(one["published"]), runs, [path for run in runs for path in batches_of_run(*run)])


def title_of_printed(key):
    """Return the authors, the year and the number of a printed table."""
    from softbench import published

    printed = published_table(key)
    paper = published.paper(printed.paper)
    return f"{paper.authors} {paper.year}, {printed.number}"


def facts_of(title, runs, batches):
    """Return what a page says of some (experiment, network, method), and where their batches lie."""
    places = [(PLAN.experiments[experiment], source_of(experiment), network) for experiment, network, _ in runs]
    data = [
        f"{modules.data_card(source)['title']}, split {one['split']}, {network}" for one, source, network in places
    ]
    methods = [PLAN.methods[method]["title"] for _, _, method in runs if method in PLAN.trained()]
    return {
        "title": title,
        "data": "; ".join(dict.fromkeys(data)) or "none at hand",
        "methods": list(dict.fromkeys(methods)),
        "untrained": PLAN.sanity_rows(),
        "batches": batches,
    }


def experiments_at_hand(table):
    """Return the experiments of a paper's table that there is data for."""
    named = [block["experiment"] for block in PLAN.paper_tables[table]["blocks"]]
    return [experiment for experiment in named if not missing(experiment)]
