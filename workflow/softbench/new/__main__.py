"""What `make dataset`, `make network` and `make method` call: `python -m softbench.new dataset NAME FOLDER`."""

import sys
from pathlib import Path

from softbench.errors import InputError
from softbench.new import own_dataset, own_method, own_network

USAGE = {
    "dataset": "make dataset NAME=mine FOLDER=/data/Dataset001_Mine",
    "network": "make network NAME=mine",
    "method": "make method NAME=mine",
}


def main(arguments: list[str]) -> int:
    """Write what is asked for and say what to type next; return 0, or 1 with one line where it cannot be."""
    kind, *rest = arguments
    try:
        print(_made(kind, rest))
    except InputError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    return 0


def _made(kind: str, rest: list[str]) -> str:
    """Write what is asked for; return what to say."""
    if kind == "dataset" and len(rest) == 2:
        return own_dataset.make(rest[0], Path(rest[1]), Path())
    if kind == "network" and len(rest) == 1:
        return own_network.make(rest[0], Path())
    if kind == "method" and len(rest) in (1, 2):
        return own_method.make(rest[0], (*rest, "labels")[1], Path())
    raise InputError(f"a name is wanted{' and a folder' if kind == 'dataset' else ''}: {USAGE[kind]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
