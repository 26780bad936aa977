"""What no commit holds as it decided a job is recorded: named, hashed, kept beside the record, and written back."""

import json
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench import InputError
from softbench.jobs import commit, provenance, sources

FILES = {
    "workflow/softbench/__init__.py": "VERSION = None\n",
    "workflow/softbench/loss.py": "RATE = 1\nMORE = 2\n",
    "config.yaml": "seeds: [0]\n",
    ".gitignore": "ignored_*\n",
}
TOKEN = "hf_" + "a1B2" * 8  # the form of one, and none


def call(folder: Path, *words: str) -> str:
    given = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "protocol.file.allow=always", *words]
    return subprocess.run(given, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def commit_all(folder: Path) -> str:
    call(folder, "add", "-A")
    call(folder, "commit", "-qm", "all")
    return call(folder, "rev-parse", "HEAD")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small suite without git."""
    folder = tmp_path / "suite"
    put(folder, FILES)
    monkeypatch.setattr(sources, "WORKFLOW", folder / "workflow")
    monkeypatch.setattr(sources, "SUITE", folder)
    monkeypatch.setattr(sources, "ANCHOR", folder / "workflow/softbench/__init__.py")
    monkeypatch.setattr(sources, "_noted", [])
    monkeypatch.setattr(sources, "loaded", list)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return folder


@pytest.fixture
def suite(bare: Path) -> Path:
    """The same as a checkout whose commit holds all of it."""
    call(bare, "init", "-q")
    commit_all(bare)
    return bare


def states(folder: Path, *names: str) -> dict[str, str]:
    return {fact["path"]: fact["state"] for fact in sources.look(folder / name for name in names).facts}


def record_of(folder: Path, *names: str) -> dict:
    sources.note([folder / name for name in names])
    path = folder / "results/runs/provenance.json"
    provenance.Watch().write(path)
    return json.loads(path.read_text())


def kept(folder: Path) -> dict[str, bytes]:
    path = folder / "results/runs/provenance.json"
    return sources.read_texts(path, json.loads(path.read_text()))


def test_files_as_they_are_in_the_commit_are_clean_and_leave_no_archive(suite: Path) -> None:
    record = record_of(suite, "workflow/softbench/loss.py", "config.yaml")
    assert record["commit"] == call(suite, "rev-parse", "HEAD")
    assert (record["changed_files"], record["deciding_files"]) == ([], 2)
    assert not (suite / "results/runs/sources.zip").exists()


def test_each_way_not_to_be_in_the_commit_is_named(suite: Path, tmp_path: Path) -> None:
    put(suite, {"workflow/mine.py": "1", "ignored_loss.py": "2", "staged.py": "3", "workflow/softbench/loss.py": "4"})
    put(tmp_path, {"elsewhere.py": "5"})
    call(suite, "add", "staged.py")
    names = ["workflow/mine.py", "ignored_loss.py", "staged.py", "workflow/softbench/loss.py", "../elsewhere.py"]
    assert states(suite, *names, "config.yaml", "no_such_file.py") == {
        "workflow/mine.py": commit.UNKNOWN,
        "ignored_loss.py": commit.IGNORED,
        "staged.py": commit.UNKNOWN,
        "workflow/softbench/loss.py": commit.CHANGED,
        str(tmp_path / "elsewhere.py"): commit.OUTSIDE,
    }


def test_link_counts_by_what_is_read_through_it(suite: Path, tmp_path: Path) -> None:
    put(tmp_path, {"elsewhere.py": "5"})
    (suite / "linked.py").symlink_to(tmp_path / "elsewhere.py")
    (suite / "same.py").symlink_to(suite / "config.yaml")
    commit_all(suite)
    assert states(suite, "linked.py", "same.py") == {str(tmp_path / "elsewhere.py"): commit.OUTSIDE}


def test_other_ends_of_lines_are_no_change_where_git_is_told_to_convert_them(suite: Path) -> None:
    put(suite, {".gitattributes": "*.yaml text eol=crlf\n"})
    commit_all(suite)
    (suite / "config.yaml").write_bytes(b"seeds: [0]\r\n")
    assert states(suite, "config.yaml") == {}


def test_archive_holds_texts_and_differences_and_is_the_same_bytes_again(suite: Path) -> None:
    put(suite, {"workflow/mine.py": "A = 1\n", "workflow/softbench/loss.py": "RATE = 3\nMORE = 2\n"})
    record = record_of(suite, "workflow/mine.py", "workflow/softbench/loss.py", "config.yaml")
    assert record["commit"].endswith(" + 2 changed files")
    changed = record["changed_files"][1]
    assert (changed["path"], changed["added"], changed["removed"]) == ("workflow/softbench/loss.py", 1, 1)
    texts = kept(suite)
    assert texts["workflow/mine.py"] == b"A = 1\n"
    assert texts["workflow/softbench/loss.py"] == b"RATE = 3\nMORE = 2\n"
    first = (suite / "results/runs/sources.zip").read_bytes()
    assert record_of(suite, "workflow/softbench/loss.py", "config.yaml", "workflow/mine.py") | {"began": 0} != record
    assert (suite / "results/runs/sources.zip").read_bytes() == first


def test_kept_patch_makes_the_changed_file_of_the_commit(suite: Path) -> None:
    put(suite, {"workflow/softbench/loss.py": "RATE = 3\nMORE = 2"})  # no end of the last line
    record_of(suite, "workflow/softbench/loss.py")
    put(suite, {"changes.patch": kept(suite)[sources.PATCH].decode()})
    call(suite, "checkout", "-q", "workflow")
    call(suite, "apply", "changes.patch")
    assert (suite / "workflow/softbench/loss.py").read_text() == "RATE = 3\nMORE = 2"


def test_text_is_that_of_the_start_though_somebody_edits_it_meanwhile(suite: Path) -> None:
    put(suite, {"workflow/mine.py": "A = 1\n"})
    sources.note([suite / "workflow/mine.py"])
    put(suite, {"workflow/mine.py": "A = 2\n"})
    provenance.Watch().write(suite / "results/runs/provenance.json")
    assert kept(suite)["workflow/mine.py"] == b"A = 1\n"


def test_archive_of_before_is_deleted_once_all_is_committed(suite: Path) -> None:
    put(suite, {"workflow/mine.py": "A = 1\n"})
    record_of(suite, "workflow/mine.py")
    assert (suite / "results/runs/sources.zip").exists()
    call(suite, "add", "workflow")
    call(suite, "commit", "-qm", "mine")
    assert record_of(suite, "workflow/mine.py")["changed_files"] == []
    assert not (suite / "results/runs/sources.zip").exists()


def test_what_an_input_was_made_of_is_taken_over(suite: Path) -> None:
    put(suite, {"workflow/source.py": "made of this\n", "workflow/mine.py": "1\n"})
    data = suite / "results/data/brain/provenance.json"
    sources.note([suite / "workflow/source.py"])
    provenance.Watch().write(data)
    put(suite, {"workflow/source.py": "edited since\n"})
    sources.note([suite / "workflow/mine.py"], [data])
    provenance.Watch().write(suite / "results/runs/provenance.json")
    record = json.loads((suite / "results/runs/provenance.json").read_text())
    assert [fact["path"] for fact in record["changed_files"]] == ["workflow/mine.py", "workflow/source.py"]
    assert record["inputs"] == {str(data): json.loads(data.read_text())["commit"]}
    assert kept(suite)[f"{data.parent}/workflow/source.py"] == b"made of this\n"


def test_without_git_all_files_are_kept_and_it_says_so(bare: Path) -> None:
    record = record_of(bare, "workflow/softbench/loss.py", "config.yaml")
    assert record["commit"] == "unknown: no git checkout; 2 files recorded"
    assert set(kept(bare)) == {"workflow/softbench/loss.py", "config.yaml"}


def test_where_git_is_not_installed_it_says_so(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert record_of(suite, "config.yaml")["commit"].startswith("unknown: git is not installed; 1 file ")


def test_repository_without_a_commit_says_so(bare: Path) -> None:
    call(bare, "init", "-q")
    assert "the repository has no commit yet" in record_of(bare, "config.yaml")["commit"]


def test_repository_around_an_unpacked_archive_is_not_taken_for_its_own(bare: Path) -> None:
    put(bare.parent, {"diary.txt": "mine"})
    call(bare.parent, "init", "-q")
    call(bare.parent, "add", "diary.txt")
    call(bare.parent, "commit", "-qm", "diary")
    record = record_of(bare, "config.yaml")
    assert record["commit"].startswith(f"unknown: the repository in {bare.parent} does not hold these files")
    assert record["changed_files"][0]["state"] == commit.NOTHING


def test_archive_of_git_tells_its_commit(suite: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(suite, {".gitattributes": "commit.txt export-subst\n", "commit.txt": "$Format:%H$\n"})
    name = commit_all(suite)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    call(suite, "archive", "-o", str(tmp_path / "suite.tar"), "HEAD")
    subprocess.run(["tar", "xf", str(tmp_path / "suite.tar"), "-C", str(unpacked)], check=True)
    for module, part in (("WORKFLOW", "workflow"), ("SUITE", ""), ("ANCHOR", "workflow/softbench/__init__.py")):
        monkeypatch.setattr(sources, module, unpacked / part)
    monkeypatch.setattr(commit, "ARCHIVED", unpacked / "commit.txt")
    record = record_of(unpacked, "config.yaml")
    assert record["commit"].startswith(f"{name}, as its archive says: no git checkout; 1 file ")
    monkeypatch.setattr(commit, "ARCHIVED", suite / "commit.txt")  # not unpacked: the words of the file are no commit
    assert record_of(unpacked, "config.yaml")["commit"].startswith("unknown: ")


def test_suite_s_own_file_is_filled_in_by_git_archive(root: Path) -> None:
    name = commit.ARCHIVED.relative_to(root).as_posix()
    assert commit.ARCHIVED.read_text() == "$Format:%H$\n"
    assert f"{name} export-subst" in (root / ".gitattributes").read_text().splitlines()


def test_worktree_has_a_commit_of_its_own(suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call(suite, "worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    other = tmp_path / "other"
    put(other, {"workflow/softbench/loss.py": "RATE = 9\n"})
    name = commit_all(other)
    for module, part in (("WORKFLOW", "workflow"), ("SUITE", ""), ("ANCHOR", "workflow/softbench/__init__.py")):
        monkeypatch.setattr(sources, module, other / part)
    assert record_of(other, "workflow/softbench/loss.py")["commit"] == name


def test_submodule_is_compared_with_the_commit_that_the_checkout_says(suite: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    put(library, {"old.py": "1\n", "same.py": "1\n"})
    call(library, "init", "-q")
    commit_all(library)
    call(suite, "submodule", "--quiet", "add", str(library), "lib")
    commit_all(suite)
    assert states(suite, "lib/same.py", "lib/old.py") == {}
    put(suite, {"lib/old.py": "2\n", "lib/new.py": "1\n"})
    changed = {"lib/old.py": commit.CHANGED, "lib/new.py": commit.UNKNOWN}
    assert states(suite, "lib/same.py", "lib/old.py", "lib/new.py") == changed
    call(suite / "lib", "add", "-A")
    call(suite / "lib", "commit", "-qm", "ahead of what the checkout says")
    assert states(suite, "lib/same.py", "lib/old.py", "lib/new.py") == changed


def test_passwords_and_tokens_are_blotted_out_and_it_says_so(suite: Path) -> None:
    secret = (
        "mirror: https://me:pa55w0rd@host/data\napi_token: 'abc def'  # mine\nfolders: {brats: /data}\nnone: null\n"
    )
    put(suite, {"config.yaml": secret, "workflow/mine.py": f'TOKEN = "SYNAPSE_TOKEN"\nLOGIN = "{TOKEN}"\n'})
    record = record_of(suite, "config.yaml", "workflow/mine.py")
    archive = b"".join(kept(suite).values())
    assert not any(word in archive for word in (b"pa55w0rd", b"abc def", TOKEN.encode()))
    assert b"https://***@host/data" in kept(suite)["config.yaml"]
    assert b"/data}" in kept(suite)["config.yaml"]
    assert b'TOKEN = "SYNAPSE_TOKEN"' in kept(suite)["workflow/mine.py"]
    assert all(fact["blotted"] for fact in record["changed_files"])


def test_large_file_is_hashed_and_its_text_left_out(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "FILE_BYTES", 2**20)
    monkeypatch.setattr(sources, "ALL_BYTES", 2**20 + 10)
    put(suite, {"a.csv": "x" * (2**20 + 1), "b.csv": "y" * 2**20, "c.csv": "z" * 100})
    facts = {
        fact["path"]: fact.get("left_out") for fact in record_of(suite, "a.csv", "b.csv", "c.csv")["changed_files"]
    }
    assert facts == {"a.csv": "its text is larger than 1 MiB", "b.csv": None, "c.csv": "the texts before it fill 1 MiB"}
    assert set(kept(suite)) == {"b.csv"}


def test_module_of_a_user_s_own_place_is_recorded(suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    put(tmp_path / "own", {"my_own_helpers.py": "VALUE = 3\n"})
    module = types.ModuleType("my_own_helpers")
    module.__file__ = str(tmp_path / "own/my_own_helpers.py")
    monkeypatch.setitem(sys.modules, "my_own_helpers", module)
    found = sources.loaded()
    assert tmp_path / "own/my_own_helpers.py" in found
    assert not any("site-packages" in path.parts or path == Path(json.__file__) for path in found)


def test_files_are_written_back_and_nothing_is_written_over(tmp_path: Path) -> None:
    texts = {"workflow/mine.py": b"1", "outside/home/me/x.py": b"2"}
    sources.write_back(texts, tmp_path / "new")
    assert (tmp_path / "new/outside/home/me/x.py").read_bytes() == b"2"
    with pytest.raises(InputError, match="is not empty, and nothing is written over"):
        sources.write_back(texts, tmp_path / "new")
    with pytest.raises(InputError, match="leads out of"):
        sources.write_back({"../x.py": b"3"}, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "x.py").exists()


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_archive_that_is_not_that_of_the_record_is_not_read(suite: Path, damage: str) -> None:
    put(suite, {"workflow/mine.py": "A = 1\n"})
    record_of(suite, "workflow/mine.py")
    archive = suite / "results/runs/sources.zip"
    archive.unlink() if damage == "missing" else archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(InputError, match="is missing, which" if damage == "missing" else "its bytes are others"):
        kept(suite)


def test_archive_is_a_zip_that_any_program_opens(suite: Path) -> None:
    put(suite, {"workflow/mine.py": "A = 1\n"})
    record_of(suite, "workflow/mine.py")
    with zipfile.ZipFile(suite / "results/runs/sources.zip") as archive:
        assert archive.namelist() == ["workflow/mine.py"]


def test_job_calls_git_twice_where_nothing_changed(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []
    run: Callable = commit.git
    monkeypatch.setattr(
        commit, "git", lambda folder, *words, **more: (calls.append(words), run(folder, *words, **more))[1]
    )
    sources.note([suite / "config.yaml", suite / "workflow/softbench/loss.py"])
    for seed in range(5):
        provenance.Watch().write(suite / f"results/runs/seed-{seed}/provenance.json")
    assert len(calls) == 2


def test_commit_that_a_page_prints_names_files_that_git_does_not_know(suite: Path) -> None:
    name = call(suite, "rev-parse", "HEAD")
    assert provenance.commit() == name
    put(suite, {"workflow/mine.py": "1", "config/own.yaml": "a: 1", "ignored_x.py": "not a source of the suite"})
    assert provenance.commit() == f"{name} + 2 changed files (config/own.yaml, workflow/mine.py)"
    assert provenance.commit([suite / "workflow/softbench/loss.py"]) == name


def test_cached_kernels_are_no_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """numba keeps its results beside modules; git ignores them, and an untouched clone has changed nothing."""
    folder = tmp_path / "workflow" / "metrics" / "__pycache__"
    folder.mkdir(parents=True)
    (folder / "band._changes-59.py311.1.nbc").touch()
    (folder / "band.cpython-311.pyc").touch()
    (folder.parent / "band.py").touch()
    monkeypatch.setattr(sources, "WORKFLOW", tmp_path / "workflow")
    monkeypatch.setattr(sources, "SUITE", tmp_path)
    assert list(sources.of_suite()) == [folder.parent / "band.py"]
