"""`softbench check` prints a line a check; it ends with 1 if one failed or the input cannot be used."""

import subprocess
import sys

import pytest
from softbench import cli
from softbench.tools import check as command
from softbench.tools.check.findings import Finding
from softbench.training.memory import Step

SMALL = ["--network", "compact_unet", "--crop", "16", "16", "16", "--channels", "1", "--classes", "2", "--batch", "1"]


@pytest.fixture
def checks(monkeypatch):
    """Put given checks in the place of all."""
    return lambda **named: monkeypatch.setattr(command, "checks", lambda *_: named)


def test_this_machine_is_checked(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = cli.main(["check", "--device", "cpu", *SMALL])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    verdict = {line[13:32].strip(): line[:11].strip() for line in lines[:-1]}
    names = ["packages", "torch", "device", "results folder", "clock", "worker processes", "rerun"]
    assert list(verdict) == [*names, "stop and continue", "bf16 convolutions", "memory"]
    assert verdict["rerun"] == verdict["stop and continue"] == verdict["memory"] == "ok"
    assert code == int("failed" in verdict.values())
    assert list(tmp_path.iterdir()) == []


def test_names_of_checks_are_those_of_their_findings() -> None:
    import torch

    named = command.checks(torch.device("cpu"), Step({"name": "compact_unet", "widths": [4, 8]}, 1, 2, 1, (8, 8)))
    quick = [name for name in named if name in ("packages", "torch", "device", "results folder", "clock")]
    assert [named[name]().name for name in quick] == quick


@pytest.mark.parametrize(
    ("verdict", "code", "last"),
    [("ok", 0, "Fit."), ("warning", 0, "Fit, with 1 to think about."), ("failed", 1, "Not fit: 1 of 2 failed."),
     ("not checked", 0, "Fit.")],
)  # fmt: skip
def test_exit_code_is_1_if_one_failed(checks, capsys, verdict, code, last) -> None:
    checks(one=lambda: Finding("one", "ok", "."), two=lambda: Finding("two", verdict, "."))
    assert cli.main(["check", *SMALL]) == code
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_check_that_stops_has_failed_and_the_next_runs(checks, capsys) -> None:
    def stop():
        raise RuntimeError("no kernel image is available\nfor execution")

    checks(one=stop, two=lambda: Finding("two", "ok", "fine."))
    assert cli.main(["check", *SMALL]) == 1
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first.split(None, 2) == ["failed", "one", "it stopped with RuntimeError: no kernel image is available"]
    assert second.startswith("ok")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--network", "none"], "--network is 'none', which config does not have. Known: compact_unet"),
        (["--crop", "16"], "--crop takes two or three lengths"),
        (["--crop", "16", "0", "16"], "--crop must be at least 1, but is 0"),
        (["--classes", "1"], "--classes must be at least 2, but is 1"),
        (["--batch", "0"], "--batch must be at least 1, but is 0"),
        (["--crop", "16", "17", "16"], "each length must be a multiple of 8"),
    ],
)
def test_what_cannot_be_used_is_said(capsys, arguments, message) -> None:
    assert cli.main(["check", *SMALL, *arguments]) == 1
    assert message in capsys.readouterr().err


def test_config_of_this_folder_names_the_networks(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.network_settings("unet3d", command.config_folder())["widths"][0] == 16
    (tmp_path / "config.yaml").write_text("networks: {mine: {name: unet3d, widths: [4, 8]}}\n")
    assert command.network_settings("mine", command.config_folder()) == {"name": "unet3d", "widths": [4, 8]}


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["score", "--help"]])
def test_help_needs_no_torch(arguments) -> None:
    code = f"""
import sys
from softbench.cli import main
try:
    main({arguments!r})
except SystemExit as end:
    assert end.code == 0
assert not {{"torch", "pandas", "monai"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "check" in done.stdout or "score" in done.stdout
