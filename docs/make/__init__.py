"""The pages of `docs/` that are made from code and data. `make docs` writes them all.

One module a page, with `page() -> str`. `PYTHONPATH=workflow:docs python -m make metrics` writes one.
"""
