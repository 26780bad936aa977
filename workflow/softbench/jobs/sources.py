"""The source files that decide what a job makes, and those of them that no commit holds exactly as they are.

A job says at its start which files these are (`note`); they are read at once, for somebody may edit them while it
works. Beside each record of circumstances (`provenance.json`) lies then, where any of them is not in the commit as it
is, an archive (`sources.zip`) with the texts and the differences from the commit (`changes.patch`). What the inputs of
the job were made of counts too: their archives are taken into it. No rule reads any of this.

Passwords and tokens that stand in such a file are blotted out, and the record says so; its hash is of the whole file.
"""

import difflib
import hashlib
import io
import json
import os
import re
import sys
import sysconfig
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.jobs import commit, pieces

VERSION = None  # circumstance
WORKFLOW = Path(__file__).resolve().parents[2]
SUITE = WORKFLOW.parent
ANCHOR = Path(__file__).resolve().parents[1] / "__init__.py"  # a commit without it is not that of the suite
FILE_BYTES, ALL_BYTES = 2**20, 8 * 2**20  # of one text that is kept, and of all texts of a job
PATCH, OUTSIDE = "changes.patch", "outside"
LATER = ("site-packages", "dist-packages", ".snakemake")  # installed, or a copy that Snakemake made
WHEN = (1980, 1, 1, 0, 0, 0)  # of files in the archive: the same content gives the same bytes
Fact = dict[str, Any]

SECRETS = (
    re.compile(rb"(?<=://)[^/\s:@\"']+:[^/\s@\"']+(?=@)"),  # of an address: user:password
    re.compile(rb"\b(?:gh[pousr]_|hf_|github_pat_)\w{20,}|\bAKIA[0-9A-Z]{16}\b|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+"),
    re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL),
)
SECRET_KEY = re.compile(  # in files of config alone: a program says TOKEN for many things
    rb"(?im)((?:^|[{,])[ \t\"']*[\w-]*(?:token|passw(?:or)?d|secret|api_?key|credential)[\w-]*[\"']?[ \t]*[:=][ \t]*)"
    rb"(?!null\b|~)[^\s,}#][^,}#\n]*"
)
BLOT = b"***"


@dataclass(frozen=True)
class Noted:
    """What was read at the start of a job.

    Attributes:
        where: the commit.
        hashes: name of each deciding file -> sha256.
        facts: of each that is not in the commit as it is: `path`, `state`, `sha256`, `bytes`, and where its text is not
            kept as it is `left_out` (why) or `blotted`; of a changed one, `added` and `removed` lines.
        texts: name in the archive -> what is kept of a file.
        inputs: record of each input -> its `commit`, as a text. Facts of files that made an input have `made`, its
            folder.
        assigned: values that `--config` gave, by their place.
    """

    where: commit.Checkout
    hashes: Mapping[str, str] = field(default_factory=dict)
    facts: Sequence[Fact] = ()
    texts: Mapping[str, bytes] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    assigned: Mapping[str, Any] = field(default_factory=dict)


_noted: list[Noted] = []  # that of this job, once it is noted


def note(files: Iterable[Path], records: Iterable[Path] = (), assigned: Mapping[str, Any] | None = None) -> Noted:
    """Read the files that decide this job, and keep those that no commit holds as they are.

    Args:
        files: those that are missing are passed over.
        records: of circumstances, of the job's inputs.
        assigned: values of `--config` that decide it, by their place.
    """
    noted = look(files)
    for record in records:
        noted = _with_input(noted, record)
    _noted[:] = [replace(noted, assigned=assigned or {})]
    return _noted[0]


def look(files: Iterable[Path]) -> Noted:
    """Read files and compare them with the commit of the suite."""
    contents = {path: path.read_bytes() for path in dict.fromkeys(file.resolve() for file in files if file.is_file())}
    where = commit.checkout(WORKFLOW, ANCHOR)
    differing = commit.differences(where, contents)
    names = {path: _name(where, path) for path in contents}
    before = commit.committed(where, [path for path, state in differing.items() if state == commit.CHANGED])
    facts, texts, patch, total = [], {}, [], 0
    for path, state in sorted(differing.items(), key=lambda pair: names[pair[0]]):
        fact, text = _kept(names[path], state, contents[path], total)
        if text is not None:
            texts[_inside(fact)], total = text, total + len(text)
        if text is not None and path in before:
            lines = _difference(names[path], before[path], text)
            fact |= {"added": _count(lines, "+"), "removed": _count(lines, "-")}
            patch += lines
        facts.append(fact)
    texts |= {PATCH: "".join(patch).encode()} if patch else {}
    return Noted(where, {names[path]: _sha256(content) for path, content in contents.items()}, facts, texts)


def _name(where: commit.Checkout, path: Path) -> str:
    """Return a file's path in the checkout, or below the suite's folder; of any other file the whole path."""
    for top in filter(None, (where.top, SUITE)):
        if path.is_relative_to(top):
            return path.relative_to(top).as_posix()
    return path.as_posix()


def _kept(name: str, state: str, content: bytes, total: int) -> tuple[Fact, bytes | None]:
    """Return what is said of a file, and its text as it is kept: without secrets; None of one that is too large."""
    fact: Fact = {"path": name, "state": state, "sha256": _sha256(content), "bytes": len(content)}
    if len(content) > FILE_BYTES:
        return {**fact, "left_out": f"its text is larger than {FILE_BYTES // 2**20} MiB"}, None
    if total + len(content) > ALL_BYTES:
        return {**fact, "left_out": f"the texts before it fill {ALL_BYTES // 2**20} MiB"}, None
    text = blotted(content, config=name.endswith((".yaml", ".yml", ".json", ".ini", ".toml", ".env")))
    return (fact if text == content else {**fact, "blotted": True}), text


def blotted(content: bytes, *, config: bool) -> bytes:
    """Return a text without passwords, tokens and private keys.

    Args:
        content: of the file.
        config: whether it holds settings, where the value of a key such as `token` is one.
    """
    for pattern in SECRETS:
        content = pattern.sub(BLOT, content)
    return SECRET_KEY.sub(rb"\1" + BLOT, content) if config else content


def _difference(name: str, before: bytes, now: bytes) -> list[str]:
    old, new = (text.decode(errors="replace").splitlines(keepends=True) for text in (before, now))
    lines = difflib.unified_diff(old, new, f"a/{name}", f"b/{name}")
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]


def _count(lines: Iterable[str], sign: str) -> int:
    return sum(line.startswith(sign) and not line.startswith(sign * 3) for line in lines)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _with_input(noted: Noted, record: Path) -> Noted:
    """Add what an input was made of: the files of its record that are not noted yet, and their texts."""
    content = read(record)
    if "commit" not in content:
        return noted
    known = {(fact["path"], fact["sha256"]) for fact in noted.facts}
    new = [fact for fact in content.get("changed_files", ()) if (fact["path"], fact["sha256"]) not in known]
    archive, texts = _read_archive(record, content), dict(noted.texts)
    facts = [{**fact, "made": fact.get("made", str(record.parent))} for fact in new]
    for fact, there in zip(facts, new, strict=True):
        if _inside(there) in archive:
            texts[_inside(fact)] = archive[_inside(there)]
    inputs = {**noted.inputs, str(record): content["commit"]}
    return replace(noted, facts=[*noted.facts, *facts], texts=texts, inputs=inputs)


def _inside(fact: Fact) -> str:
    """Return where the archive keeps a file's text: what made an input stands in a folder of it."""
    name = f"{OUTSIDE}{fact['path']}" if fact["path"].startswith("/") else fact["path"]
    return f"{fact['made']}/{name}" if "made" in fact else name


def read(record: Path) -> dict[str, Any]:
    """Return a record of circumstances; nothing where there is none that can be read."""
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def beside(record: Path) -> Path:
    """Return where the archive of a record lies: `sources.zip` of `provenance.json`, `x.sources.zip` of others."""
    start = record.name.removesuffix(".json").removesuffix("provenance").removesuffix("code")
    return record.with_name(f"{start}sources.zip")


def write(record: Path) -> dict[str, Any]:
    """Write the archive of this job's sources beside a record, where one is needed; return what the record says.

    Returns: `commit` (`describe`), `deciding_files` (how many), `changed_files` (see `Noted.facts`), and where they are
        there `sources` (name and sha256 of the archive), `inputs` and `assigned`.
    """
    noted = _with_loaded(_noted[0] if _noted else look(of_suite()))
    path = beside(record)
    facts: dict[str, Any] = {"commit": describe(noted), "deciding_files": len(noted.hashes)}
    facts["changed_files"] = list(noted.facts)
    if noted.texts:
        pieces.write_file(path, lambda part: part.write_bytes(packed(noted.texts)))
        facts["sources"] = {"name": path.name, "sha256": pieces.hash_file(path)}
    else:
        path.unlink(missing_ok=True)
    facts |= {"inputs": dict(noted.inputs)} if noted.inputs else {}
    return facts | ({"assigned": dict(noted.assigned)} if noted.assigned else {})


def _with_loaded(noted: Noted) -> Noted:
    """Add the modules that this process imported from elsewhere: a user's own, beside the suite or in another place."""
    own = [path for path in loaded() if _name(noted.where, path) not in noted.hashes]
    if not own:
        return noted
    more = look(own)
    facts = sorted([*noted.facts, *more.facts], key=lambda fact: ("made" in fact, fact["path"]))
    patch = b"".join(texts.get(PATCH, b"") for texts in (noted.texts, more.texts))
    texts = {**noted.texts, **more.texts} | ({PATCH: patch} if patch else {})
    return replace(noted, hashes={**noted.hashes, **more.hashes}, facts=facts, texts=texts)


def loaded() -> list[Path]:
    """Return the files of modules that this process has imported, without installed ones and those of the suite."""
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    away = {*installed, *(path.resolve() for path in installed), Path(sys.prefix).resolve(), WORKFLOW / "softbench"}
    named = [getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if name != "__main__"]
    known = tuple(f"{folder}{os.sep}" for folder in away)  # almost all: thousands of paths need not be taken apart
    files = [Path(name).absolute() for name in named if name and name.endswith(".py") and not name.startswith(known)]
    own = (path for path in files if not set(LATER) & set(path.parts) and not away & set(path.parents))
    return sorted({path.resolve() for path in own if path.is_file() and not away & set(path.resolve().parents)})


def packed(texts: Mapping[str, bytes]) -> bytes:
    """Return a zip of texts: the same bytes for the same texts."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(texts):
            about = zipfile.ZipInfo(name, WHEN)
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(about, texts[name])
    return kept.getvalue()


def describe(noted: Noted, *, named: int = 0) -> str:
    """Return a commit in words: its name, and how many deciding files are not in it as they are.

    Args:
        noted: what was read.
        named: how many of these files are named, too.
    """
    paths = sorted({fact["path"] for fact in noted.facts})
    files = "file" if len(paths) == 1 else "files"
    more = ", …" if len(paths) > named else ""
    names = f" ({', '.join(paths[:named])}{more})" if named and paths else ""
    if not noted.where.why:
        return noted.where.commit + (f" + {len(paths)} changed {files}{names}" if paths else "")
    said = f"{noted.where.commit}, as its archive says" if noted.where.commit else "unknown"
    return f"{said}: {noted.where.why}; {len(paths)} {files} recorded"


def of_suite(*, config: bool = False) -> Iterator[Path]:
    """Give every source file of the suite; those of config, where passwords may stand, only when asked for."""
    yield from (path for path in (SUITE / "Snakefile",) if path.exists())
    folders = [WORKFLOW, *([SUITE / "config"] if config else [])]
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.parts[-3:]):
            yield path
    yield from [SUITE / "config.yaml"] if config else []


def _read_archive(record: Path, content: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the texts beside a record; none where it names no archive, or that lies there no more."""
    try:
        return read_texts(record, content)
    except InputError:
        return {}


def read_texts(record: Path, content: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the texts of the archive that a record names, name -> text.

    Raises: InputError: if it is missing, is another than the record says, or cannot be read.
    """
    if "sources" not in content:
        return {}
    path = record.with_name(content["sources"]["name"])
    if not path.is_file():
        raise InputError(
            f"{path} is missing, which {record} names. It cannot be made again: the files may be others now."
        )
    if pieces.hash_file(path) != content["sources"]["sha256"]:
        raise InputError(
            f"{path} is not the archive that {record} names: its bytes are others. Restore it from a copy."
        )
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_back(texts: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Write texts of an archive into a new or an empty folder; return their paths.

    Raises: InputError: if the folder holds anything, or a name leads out of it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty, and nothing is written over. Name a new folder.")
    if wrong := next((name for name in texts if name.startswith("/") or ".." in Path(name).parts), None):
        raise InputError(f"the archive holds {wrong!r}, which leads out of {folder}. Nothing was written.")
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text)
    return [folder / name for name in texts]
