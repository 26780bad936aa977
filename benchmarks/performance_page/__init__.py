"""The page docs/performance.md: a module for each of its tables; `performance.py` puts them together."""
