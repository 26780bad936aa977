"""What LaTeX needs."""

from softbench.tables.forms import latex as escape

__all__ = ["FIT", "TOP", "escape"]
TOP = "% \\usepackage{booktabs,graphicx}\n\\begin{table}\n\\centering\n\\footnotesize\n\\setlength{\\tabcolsep}{4pt}"

FIT = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"  # shrinks what is wider than the page
