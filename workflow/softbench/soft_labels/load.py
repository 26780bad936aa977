"""The module of a recipe, imported; what stops it is said with the file and the line."""

import importlib
import traceback
from pathlib import Path
from types import ModuleType

from softbench.errors import InputError

VERSION = None  # imports by name
FOLDER = Path(__file__).parent


def load(recipe: str) -> ModuleType:
    """Import the module of a recipe.

    Raises: InputError: if it is missing or cannot be imported; the message names file, line and cause.
    """
    path = FOLDER / f"{recipe}.py"
    if not path.exists():
        raise InputError(f"there is no recipe {recipe!r}: {short(path)} is missing.")
    try:
        return importlib.import_module(f"softbench.soft_labels.{recipe}")
    except Exception as error:
        raise InputError(f"{short(path)} cannot be imported: {place_of(error, path)}.") from error


def place_of(error: Exception, path: Path) -> str:
    """Return what an exception says, and where: the last line of `path` that it passed, else where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == path] or frames[-1:]
    line = error.lineno if isinstance(error, SyntaxError) else own[-1].lineno
    file = error.filename if isinstance(error, SyntaxError) else own[-1].filename
    said = str(error).partition("\n")[0].rstrip(".") or "no word"
    return f"{type(error).__name__}: {said} ({Path(file or path).name}, line {line})"


def short(path: Path) -> str:
    """Return the path of a file of the package as one types it in the folder of the suite."""
    return f"workflow/softbench/{path.relative_to(FOLDER.parent)}"
