"""docs/licences.md: fresh, and what it says of MedPy is so."""

import importlib.util
import re
from email.message import Message
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def licences(root: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("licences", root / "envs" / "licences.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_page_is_fresh(licences):
    assert licences.PAGE.read_text(encoding="utf-8") == licences.page(), "docs/licences.md is stale: run `make docs`"


def test_every_pin_has_its_row(licences, pins, root):
    text = licences.PAGE.read_text(encoding="utf-8")
    rows = {name.lower().replace("_", "-").replace(".", "-") for name in re.findall(r"^\| (\S+) \| \S", text, re.M)}
    assert set(pins) <= rows


def test_package_that_states_nothing_is_an_error(licences, monkeypatch):
    monkeypatch.setattr(licences.metadata, "metadata", lambda name: Message())
    monkeypatch.setattr(licences.metadata, "files", lambda name: [])
    with pytest.raises(LookupError, match="nameless states no licence"):
        licences.licence_of("nameless")


def test_medpy_is_imported_by_one_module(imports, root):
    files = (root / "workflow").rglob("*.py")
    importers = {file.name for file in files if any(name.startswith("medpy") for name in imports.imported(file))}
    assert importers == {"peers.py"}


def test_licence_is_apache_2_whole(root):
    text = (root / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert [f"   {number}. " in text for number in range(1, 10)] == [True] * 9
    assert "END OF TERMS AND CONDITIONS" in text
    assert 'license = { text = "Apache-2.0" }' in (root / "pyproject.toml").read_text()
