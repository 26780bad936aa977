"""Which tables have rows that cost no training, and which stand on phantoms. Questions; no rule."""


def files_behind(tables):
    """Return the files of this page for some tables; what phantoms know is made for phantoms alone."""
    names = [f"{kind}_{table}" for table in tables for kind in ("free", "policies")]
    names += [f"truth_{table}" for table in tables if table in TRUTH_TABLES]
    return [f"results/tables/{name}.{form}" for name in names for form in ("csv", "md", "html")]


def truth_settings(wildcards):
    """Return what decides a table, with its columns of calibration alone."""
    return table_settings(wildcards) | {"columns": table_rows.calibration_columns(PLAN, wildcards.table)}


TRUTH_TABLES = table_rows.truth_tables(PLAN)
