"""`make setup`: what pip is told reaches uv, and where uv cannot be told or fails, pip installs."""

import json
import sys
from pathlib import Path

import install
import pytest


def test_settings_of_pip_reach_uv() -> None:
    config = """:env:.find-links='/wheels /more'
:env:.timeout='180'
global.cert='/certificates.crt'
global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'
global.find-links='/other'
download.no-index='1'"""
    assert install.uv_settings(config) == {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "SSL_CERT_FILE": "/certificates.crt",
    }


def test_setting_without_a_counterpart_is_named() -> None:
    assert install.uv_settings("global.client-cert='/mine.pem'\nglobal.timeout='9'") == "client-cert"


@pytest.fixture
def steps(monkeypatch) -> list[list[str]]:
    """The commands that would run; those of uv fail."""
    seen: list[list[str]] = []

    def run(command: list[str], settings: dict[str, str] | None = None, *, may_fail: bool = False) -> bool:
        seen.append(command)
        return not (may_fail and Path(command[0]).name == "uv")

    monkeypatch.setattr(install, "run", run)
    return seen


def test_pip_installs_all_pins_where_uv_fails(steps, monkeypatch, capsys) -> None:
    monkeypatch.setattr(install, "printed", lambda command: "")
    install.install(Path("env/bin/python"))
    assert [Path(step[0]).name for step in steps] == ["python", "uv", *["python"] * 4]
    assert "uv failed" in capsys.readouterr().out
    for name in install.PINS:
        assert any(str(install.ENVS / name) in step for step in steps[2:])


def test_pip_installs_where_uv_cannot_be_told(steps, monkeypatch, capsys) -> None:
    monkeypatch.setattr(install, "printed", lambda command: "global.proxy='http://proxy.example'")
    install.install(Path("env/bin/python"))
    assert not any(Path(step[0]).name == "uv" for step in steps)
    assert "`proxy` has no counterpart" in capsys.readouterr().out


def test_failing_step_stops_with_its_command() -> None:
    with pytest.raises(SystemExit, match=r"This step failed.*import missing_module"):
        install.run([sys.executable, "-c", "import missing_module"])
    with pytest.raises(SystemExit, match="does not work"):
        install.run_together([[sys.executable, "-c", "import missing_module"]])


def test_unfinished_environment_is_made_anew(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(install, "install", lambda python: sys.exit("stopped"))
    venv = tmp_path / ".venv"
    with pytest.raises(SystemExit, match="stopped"):
        install.main(venv)
    (venv / "half").touch()
    assert (venv / "unfinished").exists()
    monkeypatch.setattr(install, "install", lambda python: None)
    monkeypatch.setattr(install, "FIRST_USES", ("import sys",))
    install.main(venv)
    assert (venv / "ready").exists()
    assert not (venv / "half").exists()
    assert not (venv / "unfinished").exists()
    (venv / "own").touch()  # whole environments are updated in place
    install.main(venv)
    assert (venv / "own").exists()


def test_time_of_installation_is_the_latest_that_was_measured(tmp_path) -> None:
    assert install.measured(tmp_path) == ""
    for name, seconds, date in (("old", 168.0, "2026-01-01"), ("new", 43.6, "2026-02-01")):
        rows = [{"what": install.SETUP, "ours": seconds, "date": date}, {"what": "make demo", "ours": 1.0, "date": "3"}]
        machine = {"processor": name.title(), "cores": 2}
        (tmp_path / f"{name}.json").write_text(json.dumps({"machine": machine, "rows": rows}))
    assert install.measured(tmp_path) == ": 44 s on New, 2 cores"
