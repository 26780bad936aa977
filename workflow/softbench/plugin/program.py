"""A program of any language between the cases of a dataset and the store: run in a folder that is thrown away."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from softbench.errors import InputError
from softbench.plugin.export import export

VERSION = 1


def run(
    program: Sequence[str], data: Path, words: Sequence[str], use: Callable[[Path], None], *, intensities: str
) -> None:
    """Export the cases, call `program... IN OUT words...`, and hand its OUT to `use` before all is deleted.

    Args:
        program: e.g. ("Rscript", "mine.R"); what it prints goes where this process prints.
        data: the folder of a prepared dataset.
        words: settings, each `name=value`.
        use: takes the folder with the program's files.
        intensities: of the images, as in `export`.
    Raises: InputError: if there is no such program, or it ends with an error; and as `export` and `use`.
    """
    with tempfile.TemporaryDirectory(prefix="softbench-pack-") as folder:
        given, made = Path(folder, "in"), Path(folder, "out")
        made.mkdir()
        export(data, given, intensities=intensities)
        try:
            code = subprocess.run([*program, str(given), str(made), *words]).returncode
        except OSError as error:
            raise InputError(
                f"{program[0]} cannot be started ({error.strerror}). Install it, or mend the rule."
            ) from None
        if code:
            raise InputError(f"{' '.join(program)} ended with exit code {code}; what it said stands above. Mend it.")
        use(made)
