"""The commit of the checkout that files lie in, and how each file differs from it; git is asked, and never changes.

Also files that git ignores or does not know are looked at: `git describe --dirty` passes them over. A submodule is
compared with the commit that the checkout says for it. Links are followed: what counts is what is read through them.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

VERSION = None  # circumstance
SECONDS = 30.0  # for an answer of git
ARCHIVED = Path(__file__).with_name("archived_commit")  # `git archive` writes the commit into it (.gitattributes)
MODULE = "160000"  # git's mode of a submodule
OF_OTHERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")  # set where a hook of git calls us

CHANGED, UNKNOWN, IGNORED = "changed since the commit", "not in the commit", "not in the commit, ignored by git"
OUTSIDE, NOTHING = "outside of the repository", "no commit to compare with"


@dataclass(frozen=True)
class Checkout:
    """A commit and what it holds.

    Attributes:
        top: the folder of the checkout; None where there is none.
        commit: its name; without a checkout that which the unpacked archive says, or "".
        why: why there is no commit to compare with; "" where there is one.
        blobs: path below `top` -> git's hash of the file.
        modules: path of each submodule -> its commit.
    """

    top: Path | None = None
    commit: str = ""
    why: str = ""
    blobs: Mapping[str, str] = field(default_factory=dict)
    modules: Mapping[str, str] = field(default_factory=dict)


def checkout(folder: Path, holds: Path | None = None) -> Checkout:
    """Return the commit that is checked out in a folder, with two calls of git.

    Args:
        folder: anywhere in the checkout.
        holds: a file that the commit must hold; a repository without it, such as one around a folder that was unpacked
            from an archive, is not that of these files.
    """
    said = git(folder, "rev-parse", "--show-toplevel", "HEAD")
    if isinstance(said, str):
        return Checkout(commit=_archived(), why=said)
    top, commit = said.decode(errors="surrogateescape").split("\n")[:2]
    there = listed(Path(top), commit)
    name = _below(Path(top), holds.resolve()) if holds else None
    if holds and name not in there.blobs:
        return Checkout(commit=_archived(), why=f"the repository in {top} does not hold these files")
    return there


def listed(top: Path, commit: str) -> Checkout:
    """Return the files of a commit of the checkout in `top`."""
    said = git(top, "ls-tree", "-r", "-z", "--full-tree", commit)
    if isinstance(said, str):
        return Checkout(commit=commit, why=said)
    entries = [entry.partition("\t") for entry in said.decode(errors="surrogateescape").split("\0") if entry]
    kinds = {path: about.split(" ") for about, _, path in entries}  # mode, type, hash
    blobs = {path: of[2] for path, of in kinds.items() if of[0] != MODULE}
    return Checkout(top.resolve(), commit, "", blobs, {path: of[2] for path, of in kinds.items() if of[0] == MODULE})


def git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes | str:
    """Return what git prints, or as a text why it does not answer."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_OTHERS}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, input=given, timeout=SECONDS, env=environment
        )
    except FileNotFoundError:
        return "git is not installed"
    except (OSError, subprocess.SubprocessError) as error:
        return f"git does not answer: {error}"
    return done.stdout if done.returncode == 0 else _complaint(done.stderr.decode(errors="replace"))


def _complaint(text: str) -> str:
    first = next(iter(text.splitlines()), "no message").removeprefix("fatal: ")
    if first.startswith("not a git repository"):
        return "no git checkout"
    return "the repository has no commit yet" if "ambiguous argument 'HEAD'" in first else f"git says: {first}"


def _archived() -> str:
    """Return the commit that this suite was packed from by `git archive`; "" of any other."""
    try:
        text = ARCHIVED.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return text if len(text) >= 40 and not text.startswith("$") else ""


def differences(where: Checkout, contents: Mapping[Path, bytes]) -> dict[Path, str]:
    """Return the files that are not in a commit exactly as they are, each with how it differs.

    Args:
        where: the commit.
        contents: path, without links on its way, -> what was read.
    """
    if where.top is None:
        return dict.fromkeys(contents, NOTHING)
    names = {path: _below(where.top, path) for path in contents}
    states: dict[Path, str] = {path: OUTSIDE for path, name in names.items() if name is None}
    inside = {path: name for path, name in names.items() if name is not None}
    for module in where.modules:
        own = {path: contents[path] for path, name in inside.items() if name.startswith(f"{module}/")}
        if own:
            states |= differences(listed(where.top / module, where.modules[module]), own)
            inside = {path: name for path, name in inside.items() if path not in own}
    return states | _differing(where, {name: contents[path] for path, name in inside.items()})


def _differing(where: Checkout, contents: Mapping[str, bytes]) -> dict[Path, str]:
    """Return the same for files below a checkout, by their names there; git is asked about those that differ."""
    top = where.top or Path()
    new = [name for name in contents if name not in where.blobs]
    other = [name for name in contents if name in where.blobs and _blob(where, contents[name]) != where.blobs[name]]
    ignored = _ignored(top, new)
    states = {name: IGNORED if name in ignored else UNKNOWN for name in new}
    states |= {name: CHANGED for name in other if _filtered(top, name, contents[name]) != where.blobs[name]}
    return {top / name: state for name, state in states.items()}


def _blob(where: Checkout, content: bytes) -> str:
    return hashlib.new(
        "sha1" if len(where.commit) == 40 else "sha256", b"blob %d\0" % len(content) + content
    ).hexdigest()


def _filtered(top: Path, name: str, content: bytes) -> str:
    """Return the hash that git itself gives: its filters, such as other ends of lines, may make a file the same."""
    said = git(top, "hash-object", "--stdin", f"--path={name}", given=content)
    return "" if isinstance(said, str) else said.decode().strip()


def _ignored(top: Path, names: Sequence[str]) -> set[str]:
    if not names:
        return set()
    said = git(top, "check-ignore", "-z", "--stdin", given="\0".join(names).encode(errors="surrogateescape"))
    return set() if isinstance(said, str) else set(said.decode(errors="surrogateescape").split("\0"))


def _below(top: Path, path: Path) -> str | None:
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else None


def committed(where: Checkout, paths: Iterable[Path]) -> dict[Path, bytes]:
    """Return what a commit holds of some files; those that it does not hold are left out."""
    texts: dict[Path, bytes] = {}
    for path in paths if where.top else ():
        said = git(where.top or Path(), "cat-file", "blob", f"{where.commit}:{_below(where.top or Path(), path)}")
        if isinstance(said, bytes):
            texts[path] = said
    return texts
