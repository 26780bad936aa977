"""What the verbs share: how they are declared, options that several have, and how they print."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from softbench.errors import InputError
from softbench.images import AFFINES, Choices

VERSION = None  # words alone


@dataclass(frozen=True)
class Command:
    """A verb of `softbench`.

    description, notes: printed above and below the options in its help, as they stand. add_arguments: declares what it
    takes. run: does it, and returns the exit code, or None for 0; errors of the user are `InputError`. usage: where
    argparse's own would be wrong. takes_program: what follows `--` is for another program: it is `options.passed`.
    """

    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int | None]
    notes: str | None = None
    usage: str | None = None
    takes_program: bool = False

    def fill(self, parser: argparse.ArgumentParser) -> None:
        """Give the verb's parser its texts, options and work."""
        parser.description, parser.epilog, parser.usage = self.description, self.notes, self.usage
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        self.add_arguments(parser)
        parser.set_defaults(run=self.run, passed=[])


def add_settings(parser: argparse.ArgumentParser, help: str) -> None:
    """Add `--set`, whose words `plan.calls.read` turns into settings."""
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help=help)


def add_choices(add: Callable[..., Any]) -> None:
    """Add `--affine` and `--rescale-labels`, which `read_choices` takes up; `add` is the `add_argument` of a parser."""
    add_affine(add)
    text = "the scale in a label map's header (scl_slope, scl_inter) is meant; default: such a label map is refused"
    add("--rescale-labels", action="store_true", help=text)


def add_affine(add: Callable[..., Any]) -> None:
    """Add `--affine` alone, where no label map is read."""
    text = "that counts where sform and qform of a NIfTI file are both set and differ; default: such a file is refused"
    add("--affine", choices=AFFINES, help=text)


def read_choices(options: argparse.Namespace) -> Choices:
    """Return how files are read whose headers leave it open."""
    return Choices(options.affine, options.rescale_labels)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add `--configfile` and `--config`, as Snakemake has them."""
    add = parser.add_argument
    text = "as given to snakemake, merged over config.yaml"
    add("--configfile", "--configfiles", nargs="+", action="extend", default=[], metavar="FILE", help=text)
    add("--config", "-C", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="as given to snakemake")


def require_at_least(option: str, value: float | None, least: float) -> None:
    """Raise `InputError` if an option's number is too small; None, an option that was left out, is not."""
    if value is not None and value < least:
        raise InputError(f"{option} must be at least {least}, but is {value}.")


def print_json(content: Any) -> None:
    """Print data for programs."""
    print(json.dumps(content, indent=1, ensure_ascii=False))


def print_progress(line: str) -> None:
    """Print a line of progress, apart from the result: to the error stream, at once."""
    print(line, file=sys.stderr, flush=True)
