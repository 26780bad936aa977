"""Archives are unpacked without trust: nothing lands outside, and what is damaged says so."""

import io
import tarfile
import zipfile
from pathlib import Path

import py7zr
import pytest
from softbench import InputError
from softbench.datasets.fetch import archives
from softbench.datasets.fetch.archives import extract


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


def seven_zip(path: Path, files: dict[str, bytes], **options: str) -> Path:
    """Make a 7z archive."""
    with py7zr.SevenZipFile(path, "w", **options) as file:
        for name, data in files.items():
            file.writestr(data, name)
    return path


def test_sevenzip_is_unpacked_without_the_files_of_macos(tmp_path: Path) -> None:
    wanted = {"Mask/a.nii.gz": b"abc" * 1000, "Mask/b/c.txt": b"d", "empty.txt": b""}
    path = seven_zip(tmp_path / "Mask.7z", {**wanted, "__MACOSX/Mask/a": b"x", "Mask/._a.nii.gz": b"x"})
    assert unpacked(path, tmp_path) == wanted


def test_sevenzip_of_several_blocks_is_unpacked(tmp_path: Path) -> None:
    path = seven_zip(tmp_path / "a.7z", {"a.txt": b"a" * 5000})
    with py7zr.SevenZipFile(path, "a") as file:  # appended files make a block of their own
        file.writestr(b"b" * 5000, "b.txt")
    assert unpacked(path, tmp_path) == {"a.txt": b"a" * 5000, "b.txt": b"b" * 5000}


def test_sevenzip_entry_that_would_land_outside_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(py7zr.py7zr, "check_archive_path", lambda name: True)  # py7zr refuses to write such a name
    path = seven_zip(tmp_path / "a.7z", {"good.txt": b"abc", "../outside.txt": b"abc"})
    with pytest.raises(InputError, match=r"holds '\.\./outside\.txt', which would land outside"):
        unpacked(path, tmp_path)
    assert not list(tmp_path.rglob("*.txt"))


def test_link_in_a_sevenzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as file:
        file.write(tmp_path / "link", "link")
    with pytest.raises(InputError, match="holds 'link', a link or device"):
        unpacked(tmp_path / "a.7z", tmp_path)


def test_encrypted_sevenzip_is_refused(tmp_path: Path) -> None:
    path = seven_zip(tmp_path / "a.7z", {"a.txt": b"abc"}, password="secret")
    with pytest.raises(InputError, match=r"holds 'a\.txt', which is encrypted"):
        unpacked(path, tmp_path)


def test_sevenzip_with_encrypted_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.7z"
    with py7zr.SevenZipFile(path, "w", password="secret", header_encryption=True) as file:
        file.writestr(b"abc", "a.txt")
    with pytest.raises(InputError, match=r"a\.7z is encrypted"):
        unpacked(path, tmp_path)


@pytest.mark.parametrize("where", [20, 40, -20])
def test_damaged_sevenzip_is_called_damaged(where: int, tmp_path: Path) -> None:
    path = seven_zip(tmp_path / "a.7z", {"a.txt": bytes(range(256)) * 40})
    data = bytearray(path.read_bytes())
    data[where] ^= 0xFF  # in the first header, in the data, in the last header
    path.write_bytes(data)
    with pytest.raises(InputError, match="is a damaged archive"):
        unpacked(path, tmp_path)


def test_sevenzip_cut_short_is_called_damaged(tmp_path: Path) -> None:
    path = seven_zip(tmp_path / "a.7z", {"a.txt": bytes(range(256)) * 40})
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="is a damaged archive"):
        unpacked(path, tmp_path)


def zip_with(path: Path, *names: str, data: bytes = b"abc") -> Path:
    """Make a zip with these entries, in this order."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, data)
    return path


def test_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zip_with(tmp_path / "a.zip", "a.txt")
    data = bytearray(path.read_bytes())
    data[6] |= 1  # general purpose flag of the local header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and of the directory at the end
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"holds 'a\.txt', which is encrypted"):
        unpacked(path, tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.txt", "./a.txt"])
def test_entry_that_is_there_twice_is_refused(second: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="which is there already"):
        unpacked(zip_with(tmp_path / "a.zip", "a.txt", second), tmp_path)


def test_file_that_is_also_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds a file and a folder of the same name"):
        unpacked(zip_with(tmp_path / "a.zip", "a", "a/b.txt"), tmp_path)


@pytest.mark.parametrize("form", ["zip", "7z", "tar.gz"])
def test_archive_made_to_fill_a_disk_is_refused(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "HARMLESS", 1000)
    zeros, path = bytes(10_000_000), tmp_path / f"a.{form}"  # deflate makes 1/1000 of them, 7z less
    if form == "zip":
        zip_with(path, "zeros", data=zeros)
    elif form == "7z":
        seven_zip(path, {"zeros": zeros})
    else:
        with tarfile.open(path, "w:gz") as tar:
            info = tarfile.TarInfo("zeros")
            info.size = len(zeros)
            tar.addfile(info, io.BytesIO(zeros))
    with pytest.raises(InputError, match=r"unpack to more than 0\.01 GB, 200 times its size"):
        unpacked(path, tmp_path)
    assert not list((tmp_path / "target").iterdir())


def test_small_archive_may_grow_beyond_the_ratio(tmp_path: Path) -> None:
    path = zip_with(tmp_path / "a.zip", "zeros", data=bytes(1_000_000))
    assert path.stat().st_size * archives.RATIO < 1_000_000
    assert len(unpacked(path, tmp_path)["zeros"]) == 1_000_000


def test_full_disk_is_noticed_before_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zip_with(tmp_path / "a.zip", "a.txt", data=bytes(2000))
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1999})())
    with pytest.raises(InputError, match=r"a\.zip needs 0\.00 GB in .*Free space"):
        unpacked(path, tmp_path)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 2000})())
    extract(path, tmp_path / "target")


def nest(tmp_path: Path, **inner: Path) -> Path:
    """Pack archives into `outer.tar`, each as `data/<name>.<its suffix>`, beside a text."""
    (tmp_path / "note.txt").write_text("note")
    with tarfile.open(tmp_path / "outer.tar", "w") as tar:
        tar.add(tmp_path / "note.txt", "data/note.txt")
        for name, path in inner.items():
            tar.add(path, f"data/{name}{path.suffix}")
    return tmp_path / "outer.tar"


def unpacked_nested(archive: Path, tmp_path: Path) -> dict[str, bytes]:
    """Unpack with the archives inside, and return all files by name."""
    target = tmp_path / "target"
    target.mkdir()
    extract(archive, target, nested=True)
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def test_archives_inside_are_unpacked_where_they_lie(tmp_path: Path) -> None:
    one, two = zip_with(tmp_path / "1.zip", "case_1/image.txt"), seven_zip(tmp_path / "2.7z", {"case_2.txt": b"abc"})
    outer = nest(tmp_path, one=one, two=two)
    assert unpacked_nested(outer, tmp_path) == {
        "data/note.txt": b"note",
        "data/case_1/image.txt": b"abc",
        "data/case_2.txt": b"abc",
    }


def test_tar_that_ends_with_a_zip_is_a_tar_and_the_zip_stays(tmp_path: Path) -> None:
    outer = nest(tmp_path, one=zip_with(tmp_path / "1.zip", "a.txt"))
    assert zipfile.is_zipfile(outer)
    assert set(unpacked(outer, tmp_path)) == {"data/note.txt", "data/one.zip"}


def test_archives_inside_archives_inside_stay(tmp_path: Path) -> None:
    middle = zip_with(tmp_path / "1.zip", "inner.zip")
    assert set(unpacked_nested(nest(tmp_path, one=middle), tmp_path)) == {"data/note.txt", "data/inner.zip"}


def test_archive_inside_is_not_trusted_either(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="would land outside of its folder"):
        unpacked_nested(nest(tmp_path, one=zip_with(tmp_path / "1.zip", "../../../outside.txt")), tmp_path)
    assert not list(tmp_path.rglob("outside.txt"))


def test_archive_inside_replaces_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one\.zip holds 'note\.txt', which is there already"):
        unpacked_nested(nest(tmp_path, one=zip_with(tmp_path / "1.zip", "note.txt")), tmp_path)


def test_archives_inside_share_what_the_outer_one_may_unpack_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = zip_with(tmp_path / "1.zip", "zeros", data=bytes(10_000_000))  # about 10 kB
    middle = zip_with(tmp_path / "outer.zip", "small.zip", data=inner.read_bytes())
    monkeypatch.setattr(archives, "HARMLESS", 1000)
    assert middle.stat().st_size * archives.RATIO < 10_000_000
    with pytest.raises(InputError, match=r"small\.zip would unpack to more than"):
        unpacked_nested(middle, tmp_path)


def test_what_is_no_archive_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"a\.zip is a damaged archive"):
        unpacked(tmp_path / "a.zip", tmp_path)
