"""`make network NAME=baz`: a network's module, its config and its test, from templates."""

from pathlib import Path

from softbench import networks
from softbench.errors import InputError
from softbench.new import require_free, write


def make(name: str, root: Path) -> str:
    """Write the files of a network; return what to type next.

    Raises: InputError: as `require_free` and `write`, or if there is such a network.
    """
    if name in networks.names():
        raise InputError(f"there is a network {name!r} already. Take another NAME.")
    require_free(name, root, "networks", "experiments", "tables")
    files = {
        "network.py": Path("workflow", "softbench", "networks", f"{name}.py"),
        "config.yaml": Path(f"{name}.yaml"),
        "test.py": Path("tests", "networks", f"test_{name}.py"),
    }
    written = write("network", name, files, root)
    return "\n".join(
        [
            *(f"wrote {path}" for path in written),
            f"Next: change {written[0]}, then",
            f"  python -m pytest tests/networks -k {name}",
            f"  snakemake --cores all {name} --configfile {name}.yaml",
        ]
    )
