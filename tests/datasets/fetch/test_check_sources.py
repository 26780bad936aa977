"""`softbench check --sources`: a line for each address, and exit code 1 if one of them is wrong."""

import hashlib

import pytest
from softbench import cli, datasets
from softbench.datasets.case import Archive
from softbench.datasets.fetch import fetch, tcia
from softbench.plan import config as plan_config
from softbench.tools import check as command
from softbench.tools.check import sources

FILE = b"PK\x03\x04" + bytes(range(256)) * 40  # 10244 bytes
MD5, SHA256 = hashlib.md5(FILE).hexdigest(), hashlib.sha256(FILE).hexdigest()


@pytest.fixture
def shown(publish, monkeypatch, tmp_path, capsys):
    """Run the command on a source called `made`; return its exit code and lines, blanks single."""

    def run(access="open", mirror=None, words=("made",), **attributes):
        publish(access, **attributes)
        monkeypatch.setattr(datasets, "names", lambda: ["made", "phantom_made"])
        monkeypatch.setattr(command, "config_folder", lambda: tmp_path)
        values = {"mirror": mirror, "datasets": {"prepared": {"source": "made"}}}
        monkeypatch.setattr(plan_config, "read", lambda folder: type("Config", (), {"values": values}))
        code = cli.main(["check", "--sources", *words])
        out, err = capsys.readouterr()
        return code, [" ".join(line.split()) for line in (out + err).splitlines()]

    return run


def test_file_with_its_published_checksum_is_ok(server, shown) -> None:
    server.files["/a.zip"], server.more["/a.zip"] = FILE, {"Content-MD5": MD5}
    archive = Archive(f"{server.address}/a.zip", "a.zip", md5=MD5)
    code, lines = shown(ARCHIVES=(archive,), SIZE_GB=(10244e-9, 1.0))
    assert code == 0
    assert lines == [
        f"ok made a.zip: reachable, 10244 bytes; the server gives the published md5 [{server.address}/a.zip]",
        "ok made all files: 10244 bytes, and 10244 bytes are expected",
        "Every address answers.",
    ]


def test_nothing_is_claimed_of_a_checksum_that_the_server_does_not_give(server, shown) -> None:
    server.files["/a.zip"] = FILE
    for archive, words in (
        (
            Archive(f"{server.address}/a.zip", "a.zip", md5=MD5),
            "no md5 from the server: it is checked after the download",
        ),
        (Archive(f"{server.address}/a.zip", "a.zip"), "no checksum from the server"),
    ):
        assert words in shown(ARCHIVES=(archive,))[1][0]
    server.more["/a.zip"] = {"Content-MD5": MD5}
    line = shown(ARCHIVES=(Archive(f"{server.address}/a.zip", "a.zip", sha256=SHA256),))[1][0]
    assert "no sha256 from the server: it is checked after the download" in line
    line = shown(ARCHIVES=(Archive(f"{server.address}/a.zip", "a.zip"),))[1][0]
    assert "the server gives its md5, and there is none to compare it with" in line


def test_other_checksum_and_other_total_are_warnings(server, shown) -> None:
    server.files["/a.zip"], server.more["/a.zip"] = FILE, {"Content-MD5": "0" * 32}
    archive = Archive(f"{server.address}/a.zip", "a.zip", md5=MD5)
    code, lines = shown(ARCHIVES=(archive,), SIZE_GB=(1.0, 2.0))
    assert code == 0
    assert lines[0].startswith(f"warning made a.zip: reachable, 10244 bytes, but the server gives the md5 {'0' * 32}")
    assert lines[1].startswith(
        "warning made all files: 10244 bytes, and 1.0 GB are expected: they may be another release"
    )
    assert lines[2] == "Every address answers. 2 to think about."


@pytest.mark.parametrize("place", ["results/raw/made/checksums.csv", "workflow/checksums/made.csv"])
def test_size_is_held_to_that_of_an_earlier_download(server, shown, tmp_path, place) -> None:
    server.files["/a.zip"] = FILE
    archives = (Archive(f"{server.address}/a.zip", "a.zip"),)
    record = tmp_path / place
    record.parent.mkdir(parents=True)
    record.write_text(f"file,bytes,sha256\na.zip,{len(FILE)},{SHA256}\n")
    assert "a.zip: reachable, 10244 bytes, as recorded; no checksum from the server" in shown(ARCHIVES=archives)[1][0]
    record.write_text(f"file,bytes,sha256\na.zip,7,{SHA256}\n")
    code, lines = shown(ARCHIVES=archives)
    assert code == 1
    assert f"it has 10244 bytes now, but 7 in {record}: its publisher replaced it" in lines[0]


def test_wrong_addresses_are_wrong_and_the_others_are_still_asked(server, shown) -> None:
    server.files |= {
        "/good.zip": FILE,
        "/page.zip": b"<html>",
        "/lfs.zip": b"version https://git-lfs.github.com/spec/v1",
    }
    names = ("gone.zip", "page.zip", "lfs.zip", "good.zip")
    code, lines = shown(ARCHIVES=tuple(Archive(f"{server.address}/{name}", name) for name in names))
    assert code == 1
    assert [line.split()[0] for line in lines[:4]] == ["failed", "failed", "failed", "ok"]
    assert "the server answers 404 Not Found" in lines[0]
    assert "web page, not an archive" in lines[1]
    assert "Git LFS pointer" in lines[2]
    assert lines[4].startswith("3 of 4 lines are wrong. docs/datasets.md says")


def test_no_server_at_all_asks_for_the_internet(shown) -> None:
    code, lines = shown(ARCHIVES=(Archive("http://127.0.0.1:1/a.zip", "a.zip"),))
    assert code == 1
    assert lines[-1].startswith("No address is as it should be. Is this machine without internet")


def test_optional_file_says_that_the_source_is_of_use_without_it(server, shown) -> None:
    archive = Archive(f"{server.address}/weights.pth", "weights.pth", unpack=False, optional=True)
    code, lines = shown(ARCHIVES=(archive,))
    assert code == 1
    assert "404 Not Found (the source is of use without this file)" in lines[0]


def test_many_files_are_one_line_each_outcome(server, shown) -> None:
    names = [f"case_{number:03}.nii.gz" for number in range(40)]
    server.files |= {f"/{name}": FILE for name in names[3:]}
    code, lines = shown(ARCHIVES=tuple(Archive(f"{server.address}/{name}", name) for name in names))
    host = server.address.removeprefix("http://")
    assert code == 1
    assert lines[0] == (
        f"failed made 3 files of {host} (case_000.nii.gz, case_001.nii.gz and case_002.nii.gz): the server answers 404 "
        "Not Found"
    )
    assert lines[1] == (
        f"ok made 37 files of {host} (case_003.nii.gz, case_004.nii.gz, case_005.nii.gz and 34 more): reachable, "
        "0.4 MB in all; 37 x no checksum from the server"
    )


def test_token_that_is_not_set_is_no_fault(server, shown, monkeypatch) -> None:
    monkeypatch.delenv("MADE_TOKEN", raising=False)
    server.body, server.states = FILE, [401, 401]
    given = {"ARCHIVES": (Archive(f"{server.address}/a.zip", "a.zip"),), "TOKEN": "MADE_TOKEN", "STEPS": ("Ask.",)}
    code, lines = shown("token", **given)
    assert code == 0
    assert lines[0].startswith("not checked made a.zip: it wants the token that this source needs, which is not set")
    monkeypatch.setenv("MADE_TOKEN", "secret")
    assert shown("token", **given)[1][0].startswith("ok made a.zip: reachable")
    assert server.headers[-1]["Authorization"] == "Bearer secret"
    assert not any("secret" in line for line in lines)


def test_pages_of_a_source_that_a_person_must_get_are_reached(server, shown) -> None:
    server.files["/data.html"] = server.files["/register"] = b"<html>"
    steps = (f"Register at {server.address}/register, and accept.", f"See {server.address}/gone.")
    code, lines = shown("manual", ARCHIVES=(Archive(f"{server.address}/data.html", "data.zip"),), STEPS=steps)
    assert code == 1
    assert lines[0] == f"ok made {server.address}/data.html: page reachable; its files are had by hand"
    assert lines[1] == f"ok made {server.address}/register: page reachable; its files are had by hand"
    assert lines[2] == f"failed made {server.address}/gone: the server answers 404 Not Found"


def test_list_of_series_is_asked_for(server, shown, monkeypatch) -> None:
    monkeypatch.setattr(tcia, "SERVER", f"{server.address}/")
    server.files["/getSeries?Collection=LUNG&Modality=CT"] = b"[]" * 2000
    server.files["/getCollectionValues"] = b"[]"
    code, lines = shown("tcia", SERIES=tcia.Selection("LUNG"))
    assert code == 0
    assert lines[0].startswith("ok made list of series, LUNG CT.json: reachable")
    code, lines = shown("tcia", SERIES=lambda folder: [])
    assert lines[0].startswith("ok made list of TCIA's collections.json: reachable")


def test_mirror_is_asked_in_the_publishers_place(server, shown, tmp_path) -> None:
    archives = (Archive("http://publisher.example/a.zip", "a.zip"), Archive("http://publisher.example/b.zip", "b.zip"))
    server.files["/m/a.zip"] = FILE
    code, lines = shown(mirror=f"{server.address}/m/", ARCHIVES=archives)
    assert code == 1
    assert lines[0].startswith("ok made a.zip: reachable, 10244 bytes")
    assert lines[1].startswith("failed made b.zip: the server answers 404")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "b.zip").write_bytes(FILE)
    code, lines = shown(mirror=str(tmp_path), ARCHIVES=archives)
    assert code == 1
    assert lines[0] == f"failed made a.zip: the mirror {tmp_path} does not hold it"
    assert lines[1] == f"ok made b.zip: 10244 bytes in the mirror {tmp_path}/made"


def test_own_files_and_phantoms_have_no_address(shown) -> None:
    assert shown("own")[1][0].startswith("not checked made your own files")
    assert shown("made")[1][0].startswith("not checked made made from a seed")


def test_names_are_those_of_sources_and_of_datasets(server, shown) -> None:
    server.files["/a.zip"] = FILE
    archives = (Archive(f"{server.address}/a.zip", "a.zip"),)
    assert shown(words=["prepared"], ARCHIVES=archives)[1][0].startswith("ok made a.zip")
    assert len(shown(words=["prepared", "made"], ARCHIVES=archives)[1]) == 2  # one source, once
    assert len(shown(words=[], ARCHIVES=archives)[1]) == 2  # every source but the phantoms
    code, lines = shown(words=["mad"], ARCHIVES=archives)
    assert code == 1
    assert "--sources names 'mad', which is neither a source nor a dataset. Did you mean 'made'?" in lines[0]


def test_every_shipped_source_has_addresses_that_could_be_asked(root) -> None:
    for name in datasets.names():
        source = datasets.source(name)
        if source.ACCESS in ("made", "own"):
            continue
        found = list(sources._published(name, source, root))
        assert found, name
        assert all(address.url.startswith(("https://", "http://")) for address in found)
        assert {a.url for a in fetch.list_archives(source)} <= {address.url for address in found}
    weights = [address for address in sources._published("oct_dme", datasets.source("oct_dme"), root)]
    assert any(address.name.endswith(".pth") for address in weights)
