"""docs/licences.md: fresh, and what it says of MedPy is so."""

import re
from email.message import Message

import pytest
from make import licences
from make.markdown import DOCS

PAGE = DOCS / "licences.md"


def test_page_is_fresh():
    assert PAGE.read_text(encoding="utf-8") == licences.page(), "docs/licences.md is stale: run `make docs`"


def test_every_pin_has_its_row(pins):
    text = PAGE.read_text(encoding="utf-8")
    rows = {name.lower().replace("_", "-").replace(".", "-") for name in re.findall(r"^\| (\S+) \| \S", text, re.M)}
    assert set(pins) <= rows


def test_package_that_states_nothing_is_an_error(monkeypatch):
    monkeypatch.setattr(licences.metadata, "metadata", lambda name: Message())
    monkeypatch.setattr(licences.metadata, "files", lambda name: [])
    with pytest.raises(LookupError, match="nameless states no licence"):
        licences.read_licence("nameless")


def test_medpy_is_imported_by_one_module(imports, root):
    files = (root / "workflow").rglob("*.py")
    importers = {file.name for file in files if any(name.startswith("medpy") for name in imports.imported(file))}
    assert importers == {"cross_check.py"}


def test_licence_is_apache_2_whole(root):
    text = (root / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert [f"   {number}. " in text for number in range(1, 10)] == [True] * 9
    assert "END OF TERMS AND CONDITIONS" in text
    assert 'license = "Apache-2.0"' in (root / "pyproject.toml").read_text()
