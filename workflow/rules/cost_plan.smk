"""Which runs and soft labels the costs of a table are of. Questions; no rule."""


def runs_trained(table):
    """Return the trained (experiment, network, method) of a table; of a paper's, those that there is data for."""
    printed = PLAN.paper_tables.get(table)
    of_blocks = [run for block in (printed or {"blocks": []})["blocks"] for run in runs_of_block(printed, block)]
    shown = of_blocks if printed else PLAN.runs_of(table)
    return [run for run in dict.fromkeys(shown) if PLAN.methods[run[2]]["sanity"] is None]


def costs_of(table):
    """Return where the runs and the soft label of each trained method of a table lie."""
    return [
        {
            **{"experiment": experiment, "network": network, "method": method},
            **{name: PLAN.methods[method][name] for name in ("title", "control")},
            "batches": batches_of_run(experiment, network, method),
            "soft_label": "results/soft_labels/{}/{}/manifest.json".format(
                PLAN.experiments[experiment]["dataset"], PLAN.methods[method]["soft_label"]
            ),
        }
        for experiment, network, method in runs_trained(table)
    ]


def title_of(table):
    """Return the title of a table, or which printed table it is."""
    return (
        PLAN.tables[table]["title"] if table in PLAN.tables else title_of_printed(PLAN.paper_tables[table]["published"])
    )


def costs_behind(tables):
    """Return the files that say what the methods of some tables cost."""
    return [f"results/tables/costs_{table}.{form}" for table in tables for form in ("csv", "md", "html")]
