"""What did the papers print: their tables cell by cell, as printed and in our units, and what their sums allow."""

from softbench.papers.published.reader import COLUMNS, frame, name_of, names, paper, papers, read
from softbench.papers.published.tables import Dataset, Paper, Place, PrintedCell, PrintedMetric, PublishedTable

__all__ = [
    "COLUMNS",
    "Dataset",
    "Paper",
    "Place",
    "PrintedCell",
    "PrintedMetric",
    "PublishedTable",
    "frame",
    "name_of",
    "names",
    "paper",
    "papers",
    "read",
]
