"""What `make dataset` and `make network` call: `python -m softbench.new dataset NAME FOLDER`."""

import sys
from pathlib import Path

from softbench.errors import InputError
from softbench.new import own_dataset, own_network

USAGE = {
    "dataset": "make dataset NAME=mine FOLDER=/data/Dataset001_Mine",
    "network": "make network NAME=mine",
}


def main(arguments: list[str]) -> int:
    """Write what is asked for and say what to type next; return 0, or 1 with one line where it cannot be."""
    kind, *rest = arguments
    try:
        if len(rest) != (2 if kind == "dataset" else 1):
            raise InputError(f"a name is wanted{' and a folder' if kind == 'dataset' else ''}: {USAGE[kind]}")
        print(
            own_dataset.make(rest[0], Path(rest[1]), Path()) if kind == "dataset" else own_network.make(rest[0], Path())
        )
    except InputError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
