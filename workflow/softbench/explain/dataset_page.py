"""Writes docs/datasets.md from the sources and the data sets of config: `python -m softbench.explain.dataset_page`."""

from softbench.datasets import document
from softbench.plan.config import read


def write() -> None:
    """Write the page of the suite's own folder."""
    document.write(read(document.ROOT).values["datasets"])


if __name__ == "__main__":
    write()
