"""Make all views of a table in one job: keep unchanged ones; for one that fails, write the reason in its place.

`results/tables/<table>.json` records each view: its key, its state (made, absent or failed) with the reason, and the
hashes of its files. A view whose key is the recorded one and whose files are the recorded ones is not made again.
"""

import importlib
import json
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.plan.forms import ABOUT_REHEARSAL
from softbench.rater_names import say_pseudo_everywhere
from softbench.tables import forms
from softbench.tables.sheet import Sheet
from softbench.tables.view import Given, GivenError, Picture, View

VERSION = None  # writes what views give
State = dict[str, Any]  # of a view: key, state, reason, files (path -> sha256)
Log = Callable[[str], None]


def make(
    given: Given,
    modules: Mapping[str, str],
    files: Mapping[str, Sequence[str]],
    record: Path,
    log: Log,
    *,
    attempt: int = 0,
) -> list[str]:
    """Make the views of a table, and record them.

    Args:
        given: the table.
        modules: view's module ("softbench.tables.views.costs") -> fingerprint of its code.
        files: view's module -> the files that it becomes.
        record: where it is written down; read first.
        log: takes a line for each view.
        attempt: number of this attempt; it is recorded for the plan, which adds one if a view failed.
    Returns: the names of the views that failed.
    Raises: GivenError: if the table's runs cannot be read; the views of before stay, but for those made until then.
        InputError: if a folder lies where a file of a view belongs; nothing is made.
    """
    _require_no_folder(Path(path) for paths in files.values() for path in paths)
    known, states = _read(record), {}
    for module, code in modules.items():
        states[module] = _state(given, module, code, list(map(Path, files[module])), known.get(module), log)
    content = {
        "table": given.table,
        "attempt": attempt,
        "title": _named(given, given.settings.get("title", given.table)),
        "settings": _named(given, given.settings),
        "runs": {need: list(given.needs.get(need, ())) for need in ("scores", "ensembles")},
        "views": states,
    }
    pieces.write_json(record, content)
    return [view_name(module) for module, state in states.items() if state["state"] == "failed"]


def _require_no_folder(files: Iterable[Path]) -> None:
    for path in files:
        if path.is_dir():
            raise InputError(f"{path} is a folder, but a file of a view belongs there. Move the folder away.")


def view_name(module: str) -> str:
    """Return what a view is called in messages: "tables/ranks", "figures/ranks"."""
    room, _, stem = module.removeprefix("softbench.").rpartition(".views.")
    return f"{room}/{stem}" if room else module.rpartition(".")[2]


def _read(record: Path) -> dict[str, State]:
    """Return what was recorded of each view; nothing where there is no record that can be read."""
    try:
        views: dict[str, State] = json.loads(record.read_text(encoding="utf-8"))["views"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return views


def _state(given: Given, module: str, code: str, files: list[Path], known: State | None, log: Log) -> State:
    name = view_name(module)
    view, key = _view(given, module, code)
    if known is not None and known["key"] == key and known["state"] != "failed" and _are(files, known["files"]):
        log(f"{name}: unchanged")
        return known
    state, reason = "made", ""
    about = ABOUT_REHEARSAL if given.settings.get("is_rehearsal") else ""
    trace: list[str] = []
    try:
        if reason := view.applies(given):
            state = "absent"
            write_sentence(given, view, f"Not made: {reason}.", files)
        else:
            made = _named(given, view.build(given))
            _write(made, files, about, pseudo_raters=bool(given.settings.get("pseudo_raters")))
    except GivenError:
        raise
    except Exception as error:  # the other views stand
        state, reason = "failed", _said(error)
        trace = [] if isinstance(error, InputError) else traceback.format_exc().rstrip().splitlines()
        write_sentence(given, view, f"Failed: {reason}", files)
    for line in [state + (f": {reason}" if reason else ""), *trace]:
        log(f"{name}: {line}")
    return {
        "key": key,
        "state": state,
        "reason": reason,
        "files": {str(path): pieces.hash_file(path) for path in files},
        **_named(given, {what: getattr(view, what) for what in ("title", "caption", "folded", "place")}),
    }


def _view(given: Given, module: str, code: str) -> tuple[View, str]:
    """Return a view and its key; of one that cannot be used, one that fails with the reason, and no key."""
    try:
        view: View = importlib.import_module(module).VIEW
        return view, view_key(given, view, code)
    except Exception as error:
        return _unusable(module.rpartition(".")[2], error), ""


def _unusable(name: str, error: Exception) -> View:
    def build(given: Given) -> NoReturn:
        raise error

    return View(name, title=name.replace("_", " ").capitalize(), caption="", build=build)


def view_key(given: Given, view: View, code: str) -> str:
    """Return what decides a view: its code, the table's settings, and what it needs with the hashes of its files."""
    needs = {need: given.needs[need] for need in view.needs}
    files = sorted({*_files_in(needs), *map(str, view.reads(given))})
    hashes = {path: _content(Path(path)) for path in files}
    return pieces.key_of(code=code, table=given.table, settings=given.settings, needs=needs, hashes=hashes)


def _content(path: Path) -> str | dict[str, int]:
    """Return the hash of a file; of a folder the sizes of the files below it."""
    if not path.is_dir():
        return pieces.hash_file(path)
    return {str(file.relative_to(path)): file.stat().st_size for file in sorted(path.rglob("*")) if file.is_file()}


def _files_in(value: Any) -> list[str]:
    """Return all texts within a value that are paths of files."""
    if isinstance(value, str):
        return [value] if "/" in value and Path(value).is_file() else []
    if isinstance(value, Mapping):
        return [path for part in value.values() for path in _files_in(part)]
    if isinstance(value, Sequence):
        return [path for part in value for path in _files_in(part)]
    return []


def _are(files: Sequence[Path], recorded: Mapping[str, str]) -> bool:
    """Whether the files are those that were recorded, and whole."""
    known = set(map(str, files)) == set(recorded)
    return known and all(path.is_file() and pieces.hash_file(path) == recorded[str(path)] for path in files)


def _said(error: Exception) -> str:
    """Return what went wrong; of a fault of code also where."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, InputError):
        return text
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" ({Path(frame.filename).name}, line {frame.lineno})" for frame in last)
    return f"{type(error).__name__}: {text}{where}"


def _named(given: Given, made: Any) -> Any:
    """Return texts of a table with the names that its raters have: pseudo-raters where they are no persons."""
    is_text = given.settings.get("pseudo_raters") and not isinstance(made, Picture)
    return say_pseudo_everywhere(made) if is_text else made


def _write(made: Sheet | Picture, files: Sequence[Path], about: str, *, pseudo_raters: bool) -> None:
    """Write a view in each of its forms; a caption opens with `about`."""
    if not isinstance(made, Sheet | Picture):
        raise InputError(f"`build` of a view must return a Sheet or a Picture, but returned a {type(made).__name__}.")
    if isinstance(made, Picture):
        from softbench.figures import pictures

        pictures.save(made.figure, files, made.caption, about=about, pseudo_raters=pseudo_raters)
        return
    for path in files:
        forms.write(made, path)


def write_sentence(given: Given, view: View, sentence: str, files: Sequence[Path]) -> None:
    """Write a sentence in the place of a view, in each of its forms."""
    title, sentence = _named(given, (str(given.settings.get("title", given.table)), sentence))
    if any(path.suffix == ".png" for path in files):
        from softbench.figures import pictures

        pictures.save(pictures.nothing(f"{view.title}: {title}", [sentence]), files, sentence)
        return
    for path in files:
        if path.suffix == ".csv":
            pieces.write_text(path, f'"{sentence}"\n')
        else:
            forms.write(Sheet(f"{title}: {view.title}", sentence), path)
