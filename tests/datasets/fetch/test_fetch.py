"""Fetching a source: from the user's folder, a mirror or its publisher; what arrives is verified and unpacked."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from softbench import InputError, datasets
from softbench.datasets.case import Archive
from softbench.datasets.fetch import archives
from softbench.datasets.fetch.fetch import content_of, fetch, location, require_unchanged
from softbench.datasets.sources import hippocampus

NAME = "Task04_Hippocampus.tar"
Folder = Callable[..., Path]
Release = Callable[[bytes], None]


def tar_of(folder: Path) -> bytes:
    """Pack a folder under its own name, as the Decathlon does."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(folder, arcname=folder.name)
    return packed.getvalue()


@pytest.fixture
def release(server: Any, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A function that makes the server the publisher of these bytes, with their true checksums."""

    def publish(body: bytes) -> None:
        server.body = body
        sums = {"md5": hashlib.md5(body).hexdigest(), "sha256": hashlib.sha256(body).hexdigest()}
        archive = Archive(url=f"{server.address}/far/{NAME}", name=NAME, **sums)
        monkeypatch.setattr(hippocampus, "ARCHIVES", (archive,))

    return publish


def get(output: Path, **options: Any) -> list[str]:
    """Fetch the source `hippocampus` without waiting between attempts, and return the progress lines."""
    lines: list[str] = []
    fetch("hippocampus", output, log=lines.append, pause_s=0, **options)
    return lines


def fetched(output: Path) -> list[str]:
    """Names of the files in the manifest, after a check that they are those on disk."""
    files = json.loads((output / "manifest.json").read_text())["files"]
    for name, facts in files.items():
        data = (output / "files" / name).read_bytes()
        assert facts == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return list(files)


def test_archive_is_downloaded_verified_and_unpacked(msd: Folder, release: Release, tmp_path: Path) -> None:
    release(tar_of(msd(cases=2)))
    lines = get(tmp_path / "out")
    names = [f"Task04_Hippocampus/{kind}/hippocampus_00{n}.nii.gz" for kind in ("imagesTr", "labelsTr") for n in (1, 2)]
    assert fetched(tmp_path / "out") == ["Task04_Hippocampus/dataset.json", *names]  # without `._*`
    assert len(datasets.source("hippocampus").find_cases(location(tmp_path / "out", None))) == 2
    assert any(line.startswith(f"{NAME}: 0 of 0 MB") for line in lines)
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {"files", "items", "manifest.json", "checksums.csv"}  # no archive, no part
    assert [path.name for path in (tmp_path / "out" / "items").iterdir()] == [f"{NAME}.key.json"]


def test_second_fetch_asks_for_nothing_and_writes_the_same(
    msd: Folder, release: Release, server: Any, tmp_path: Path
) -> None:
    release(tar_of(msd()))
    get(tmp_path / "out")
    before, asked = (tmp_path / "out" / "manifest.json").read_bytes(), len(server.asked)
    get(tmp_path / "out")
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before
    assert len(server.asked) == asked


def test_part_that_leads_to_a_wrong_checksum_is_thrown_away(
    msd: Folder, release: Release, server: Any, tmp_path: Path
) -> None:
    release(tar_of(msd()))
    store = tmp_path / "out" / "archives"
    store.mkdir(parents=True)
    (store / f"{NAME}.part").write_bytes(b"\0" * len(server.body[:4000]) + b"rot")
    (store / f"{NAME}.part.json").write_text(json.dumps({"size": len(server.body), "etag": '"one"', "date": None}))
    get(tmp_path / "out")
    assert server.asked == ["bytes=4003-", None]
    assert len(fetched(tmp_path / "out")) == 7


def test_missing_file_stops_at_once_with_the_way_out(
    msd: Folder, release: Release, server: Any, tmp_path: Path
) -> None:
    release(tar_of(msd()))
    server.states = [404]
    with pytest.raises(InputError, match=r"404 .*or download it by hand.*folders=\{hippocampus: PATH\}.*imagesTr"):
        get(tmp_path / "out")
    assert len(server.asked) == 1
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><title>Log in</title>", "is a web page, not an archive"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "is a Git LFS pointer"),
        (b"other bytes", r"\(11 bytes\) has the sha256 .*, but .* was published"),
    ],
)
def test_wrong_file_is_told_apart(
    body: bytes, reason: str, msd: Folder, release: Release, server: Any, tmp_path: Path
) -> None:
    release(tar_of(msd()))
    server.body = body
    with pytest.raises(InputError, match=reason):
        get(tmp_path / "out")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_json_message_is_told_with_its_text(msd: Folder, release: Release, server: Any, tmp_path: Path) -> None:
    release(tar_of(msd()))
    server.body = b'{"error": "quota exceeded"}'
    with pytest.raises(InputError, match=r"is a JSON message of the server, not an archive: .*quota exceeded"):
        get(tmp_path / "out")


def test_changed_byte_is_noticed_before_cases_are_prepared(msd: Folder, release: Release, tmp_path: Path) -> None:
    release(tar_of(msd()))
    get(tmp_path / "out")
    require_unchanged(tmp_path / "out")
    path = tmp_path / "out" / "files" / "Task04_Hippocampus" / "dataset.json"
    path.write_text("[]")  # as long as it was
    with pytest.raises(InputError, match=r"1 file\(s\) in .* are not as they were fetched, .*dataset\.json first"):
        require_unchanged(tmp_path / "out")
    lines = get(tmp_path / "out")
    assert any("dataset.json is not as it came; brought again" in line for line in lines)
    assert path.read_text() == "{}"
    require_unchanged(tmp_path / "out")


def test_file_that_was_only_touched_is_unchanged(msd: Folder, release: Release, server: Any, tmp_path: Path) -> None:
    release(tar_of(msd()))
    get(tmp_path / "out")
    os.utime(tmp_path / "out" / "files" / "Task04_Hippocampus" / "dataset.json", ns=(1, 1))
    require_unchanged(tmp_path / "out")
    get(tmp_path / "out")
    assert len(server.asked) == 1


@pytest.mark.parametrize("change", ["removed", "added"])
def test_removed_or_added_file_is_noticed(change: str, msd: Folder, release: Release, tmp_path: Path) -> None:
    release(tar_of(msd()))
    get(tmp_path / "out")
    path = tmp_path / "out" / "files" / "Task04_Hippocampus" / "dataset.json"
    path.unlink() if change == "removed" else path.with_name("new.json").write_text("{}")
    with pytest.raises(InputError, match=r"are not as they were fetched, Task04_Hippocampus/(dataset|new)\.json first"):
        require_unchanged(tmp_path / "out")


def test_files_put_there_by_hand_are_taken_and_watched(
    msd: Folder, release: Release, server: Any, tmp_path: Path
) -> None:
    release(b"")
    shutil.copytree(msd(), tmp_path / "out" / "files" / "Task04_Hippocampus")
    assert any("was filled by hand; nothing is downloaded" in line for line in get(tmp_path / "out"))
    assert server.asked == []
    assert len(json.loads((tmp_path / "out" / "manifest.json").read_text())["files"]) == 7
    require_unchanged(tmp_path / "out")
    (tmp_path / "out" / "files" / "Task04_Hippocampus" / "dataset.json").write_text("[]")
    with pytest.raises(InputError, match="are not as they were fetched"):
        require_unchanged(tmp_path / "out")


def test_full_disk_is_noticed_before_the_download(
    msd: Folder, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(tar_of(msd()))
    usage = type("Usage", (), {"free": 1000})()
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(InputError, match=r"needs 0\.06 GB in .*, but 0\.00 GB are free\. Free space"):
        get(tmp_path / "out")


def test_mirror_replaces_the_address(msd: Folder, release: Release, server: Any, tmp_path: Path) -> None:
    release(tar_of(msd()))
    (archive,) = hippocampus.ARCHIVES
    hippocampus.ARCHIVES = (Archive("http://127.0.0.1:9/nobody", archive.name, archive.md5, archive.sha256),)
    get(tmp_path / "out", mirror=f"{server.address}/near/")
    assert len(fetched(tmp_path / "out")) == 7


def test_mirror_may_be_a_folder(msd: Folder, release: Release, server: Any, tmp_path: Path) -> None:
    release(tar_of(msd()))
    (tmp_path / "mirror").mkdir()
    with pytest.raises(InputError, match=f"holds no {NAME}"):
        get(tmp_path / "out", mirror=tmp_path / "mirror")
    (tmp_path / "mirror" / NAME).write_bytes(server.body)
    get(tmp_path / "out", mirror=(tmp_path / "mirror").as_uri())
    assert len(fetched(tmp_path / "out")) == 7
    assert server.asked == []
    assert (tmp_path / "mirror" / NAME).exists()


def test_folder_is_listed_where_it_is(msd: Folder, tmp_path: Path) -> None:
    folder = msd()
    get(tmp_path / "out", folder=folder)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert len(manifest["files"]) == 7
    assert str(tmp_path) not in (tmp_path / "out" / "manifest.json").read_text()
    assert manifest["content"] == content_of("hippocampus", folder, tmp_path / "cache.json")
    assert not (tmp_path / "out" / "files").exists()


def test_folder_without_cases_is_answered_with_the_layout(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is missing or no folder.*Expected in it: imagesTr"):
        get(tmp_path / "out", folder=tmp_path / "absent")


def test_phantom_cannot_be_fetched(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="made from a seed"):
        fetch("phantom_brain", tmp_path)


def test_label_maps_alone_are_fetched_without_the_images(
    msd: Folder, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a source that needs a token for its images, and far more disk than there is."""
    body = tar_of(msd(cases=2))
    server.body = body
    labels = Archive(f"{server.address}/far/{NAME}", NAME, sha256=hashlib.sha256(body).hexdigest())
    monkeypatch.setattr(hippocampus, "LABEL_ARCHIVES", (labels,), raising=False)
    monkeypatch.setattr(hippocampus, "ARCHIVES", (Archive("https://nowhere.invalid/images.zip", "images.zip"),))
    monkeypatch.setattr(hippocampus, "ACCESS", "token")
    monkeypatch.setattr(hippocampus, "SIZE_GB", (1e9, 1e9), raising=False)
    get(tmp_path / "raw", labels_alone=True)
    assert any(name.endswith("hippocampus_001.nii.gz") for name in fetched(tmp_path / "raw"))
