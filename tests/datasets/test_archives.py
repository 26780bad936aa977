"""Archives are unpacked without trust: nothing lands outside, and what is damaged says so."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from softbench import InputError
from softbench.datasets.archives import extract


def tar_with(path: Path, name: str, kind: bytes = tarfile.REGTYPE, mode: str = "w") -> Path:
    """Make a tar with a good file and one entry of this name and kind."""
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for entry, entry_kind in (("good/a.txt", tarfile.REGTYPE), (name, kind)):
            info = tarfile.TarInfo(entry)
            info.type, info.linkname = entry_kind, "../../secret"
            info.size = 3 if entry_kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(b"abc") if info.size else None)
    return path


def unpacked(archive: Path, tmp_path: Path) -> dict[str, bytes]:
    """Unpack and return all files below `tmp_path/target` by name."""
    target = tmp_path / "target"
    target.mkdir()
    extract(archive, target)
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["../outside.txt", "/tmp/outside.txt", "good/../../outside.txt", "C:\\outside.txt"])
def test_entry_that_would_land_outside_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="would land outside of its folder"):
        unpacked(tar_with(tmp_path / "a.tar", name), tmp_path)
    assert not list(tmp_path.rglob("outside.txt"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_link_or_device_is_refused(kind: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds 'good/link', a link or device"):
        unpacked(tar_with(tmp_path / "a.tar", "good/link", kind), tmp_path)
    assert not (tmp_path / "target" / "good" / "link").exists()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_tar_is_unpacked_without_the_files_of_macos(mode: str, tmp_path: Path) -> None:
    assert unpacked(tar_with(tmp_path / "a", "good/._a.txt", mode=mode), tmp_path) == {"good/a.txt": b"abc"}


def test_zip_is_unpacked_without_the_files_of_macos(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in ("good/a.txt", "__MACOSX/good/a.txt", "good/._a.txt"):
            file.writestr(name, b"abc")
    assert unpacked(tmp_path / "a.zip", tmp_path) == {"good/a.txt": b"abc"}


def test_zip_entry_that_would_land_outside_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("../outside.txt", b"abc")
    with pytest.raises(InputError, match="would land outside of its folder"):
        unpacked(tmp_path / "a.zip", tmp_path)
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_archive_cut_short_is_called_damaged(mode: str, tmp_path: Path) -> None:
    path = tar_with(tmp_path / "a.tar", "good/b.txt", mode=mode)
    path.write_bytes(path.read_bytes()[: 1100 if mode == "w" else 60])
    with pytest.raises(InputError, match="is a damaged archive"):
        unpacked(path, tmp_path)
