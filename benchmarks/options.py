"""What all benchmarks say on the command line."""

import argparse


def parser(docstring: str | None) -> argparse.ArgumentParser:
    """Return a parser that shows the docstring, with `--tiny`: all there is, at a size of seconds."""
    made = argparse.ArgumentParser(description=docstring, formatter_class=argparse.RawDescriptionHelpFormatter)
    text = "try every line at a size of seconds, as the tests do; the numbers say nothing"
    made.add_argument("--tiny", action="store_true", help=text)
    return made
