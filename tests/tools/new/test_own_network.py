"""A network from its template: found, built, and refused where its name is taken."""

import importlib
from pathlib import Path

import pytest
import yaml
from softbench import InputError, networks
from softbench.cli import main
from softbench.tools.new import make_network


@pytest.fixture
def found(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a new network's module, looked at beside the others."""
    make_network("mine", place)
    monkeypatch.setattr(networks, "__path__", [*networks.__path__, str(place / "workflow/softbench/networks")])
    return place


def test_settings_of_its_config_are_those_of_its_module(found: Path) -> None:
    module = importlib.import_module("softbench.networks.mine")
    settings = yaml.safe_load((found / "mine.yaml").read_text())["networks"]["mine"]
    assert settings.pop("name") == "mine"
    for dims in module.DIMS:
        network = module.build(2, 3, dims, **settings)
        assert network.multiple == 2


@pytest.mark.parametrize("name", ["unet3d", "demo_brain", "mine-2"])
def test_names_that_are_taken_or_are_none_are_refused(place: Path, name: str) -> None:
    with pytest.raises(InputError, match=name):
        make_network(name, place)
    assert {path.name for path in place.iterdir()} == {"config.yaml", "config"}


def test_call_without_a_name_says_what_to_type(capsys: pytest.CaptureFixture) -> None:
    assert main(["new", "network"]) == main(["new", "dataset", "mine"]) == 1
    assert "make network NAME=mine\n" in (said := capsys.readouterr().err)
    assert "make dataset NAME=mine FOLDER=" in said
