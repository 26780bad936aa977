"""What all benchmarks say on the command line."""

import argparse


def parser(docstring: str | None, *, keeps: bool = False) -> argparse.ArgumentParser:
    """Return a parser that shows the docstring, with `--tiny`: all there is, at a size of seconds.

    Args: keeps: whether the benchmark has rows for benchmarks/results, so that it has `--keep`, too.
    """
    made = argparse.ArgumentParser(description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter)
    text = "try every line at a size of seconds, as the tests do; the numbers say nothing and are never kept"
    made.add_argument("--tiny", action="store_true", help=text)
    if keeps:
        text = "write the figures into benchmarks/results, which docs/performance.md shows (`make docs`)"
        made.add_argument("--keep", action="store_true", help=text)
    return made
