"""`make walkthrough`: a new user's first day. Clones the repository, types what README.md and the pages of
`ledger.WALKED` say, and runs the code of the tutorials.

Prints each command with its seconds, and stops at the first that fails. What cannot be run as it stands is in
commands.yaml, with its reason. At the end, everything that `make method`, `make dataset` and `make network` wrote must
have come out as a row of a table, or a table.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import stand_ins
from ledger import ROOT, Turn, turns
from outcome import missing
from shell import Shell


def main() -> int:
    """Walk, and return 0, or 1 where a command failed or something is in no table."""
    options = _options()
    if options.list:
        return _listed(_wanted(turns(), options))
    place = Path(options.place or tempfile.mkdtemp(prefix="walkthrough-"))
    clone = _cloned(place, options.venv)
    data = stand_ins.make(place / "data", clone, options.hippocampus)
    shell = Shell(clone, place / "log", {"DATA": str(data), **_paths(clone, options.venv)})
    if options.start:
        shell.type("source .venv/bin/activate")
    seconds, chosen = time.monotonic(), _wanted(turns(clone), options)
    failed = _walked(clone, shell, chosen)
    print(f"{time.monotonic() - seconds:7.0f} s in all; what was printed is in {place / 'log'}")
    lacking = [] if failed or options.only else missing(clone, chosen)
    for line in lacking:
        print(f"MISSING: {line}")
    if not (failed or lacking or options.keep or options.place):
        shutil.rmtree(place)
    return int(bool(failed or lacking))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--venv", type=Path, metavar="FOLDER", help="an environment to use in place of `make setup`'s own")
    add("--hippocampus", type=Path, metavar="FOLDER", help="the real MSD Task04, in place of made cases")
    add("--place", metavar="FOLDER", help="where to work and leave all that comes; default: a folder that is deleted")
    add("--keep", action="store_true", help="leave the clone and its results even if all went well")
    add(
        "--start",
        metavar="TEXT",
        default="",
        help="begin at the first command that holds this text; with --place, go on",
    )
    add("--only", metavar="TEXT", help="walk commands that hold this text alone")
    add("--instead", nargs=2, action="append", default=[], metavar=("COMMAND", "OTHER"), help="type OTHER for COMMAND")
    add("--list", action="store_true", help="print what would be typed")
    return parser.parse_args()


def _cloned(place: Path, venv: Path | None) -> Path:
    """Clone what is committed, or take the clone that is there.

    An environment that is given stands where `make setup` would have made one.
    """
    clone = place / "SoftLabelBench"
    if clone.exists():
        return clone
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    if venv is not None:
        (clone / ".venv").mkdir()
        for part in ("bin", "lib", "include", "pyvenv.cfg"):
            if (venv / part).exists():
                (clone / ".venv" / part).symlink_to((venv / part).resolve())
        (clone / ".venv" / "ready").touch()
    return clone


def _paths(clone: Path, venv: Path | None) -> dict[str, str]:
    """Return what makes an environment of another folder find the clone's package."""
    return {} if venv is None else {"PYTHONPATH": str(clone / "workflow")}


def _wanted(every: list[Turn], options: argparse.Namespace) -> list[Turn]:
    replaced = dict(options.instead)
    first = next((place for place, turn in enumerate(every) if options.start in turn.step.text), len(every))
    chosen = [
        Turn(turn.step, replaced[turn.step.text], "replaced on the command line")
        if turn.step.text in replaced
        else turn
        for turn in every[first:]
        if options.only is None or options.only in turn.step.text
    ]
    return chosen


def _listed(chosen: list[Turn]) -> int:
    """Print what would be typed, and return 0."""
    for turn in chosen:
        instead = f"  -> {turn.run or 'not run'} ({turn.reason})" if turn.reason else ""
        print(f"{_place(turn)}  {turn.step.path or turn.step.text}{instead}")
    return 0


def _walked(clone: Path, shell: Shell, chosen: list[Turn]) -> bool:
    """Type one after the other; return whether one failed."""
    for turn in chosen:
        if turn.step.path:
            (clone / turn.step.path).write_text(turn.step.text, encoding="utf-8")
            print(f"{'wrote':>9}  {_place(turn)}  {turn.step.path}", flush=True)
            continue
        if turn.run is None:
            print(f"{'not run':>9}  {_place(turn)}  {turn.step.text}  ({turn.reason})", flush=True)
            continue
        code, seconds = shell.type(turn.run)
        instead = f"\n{'':11}in place of: {turn.step.text}  ({turn.reason})" if turn.reason else ""
        print(f"{seconds:7.0f} s  {_place(turn)}  {turn.run}{instead}", flush=True)
        if code:
            print(f"FAILED with {code}. The last it said:\n{shell.last_words()}")
            return True
    return False


def _place(turn: Turn) -> str:
    return f"{turn.step.document}:{turn.step.line}"


if __name__ == "__main__":
    sys.exit(main())
