"""CITATION.cff, CHANGELOG.md, the container recipes and pyproject.toml say what is so."""

import re
import tomllib
from pathlib import Path

import install
import pytest
import softbench
import yaml


@pytest.fixture(scope="module")
def citation(root: Path) -> dict:
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))


def test_citation_has_the_version_and_licence_of_the_package(citation, root):
    assert citation["version"] == softbench.__version__
    assert f'"{citation["license"]}"' in (root / "pyproject.toml").read_text()


def test_citation_names_the_four_papers(citation, root):
    papers = [yaml.safe_load((root / f"workflow/published/{key}.yaml").read_text())
              for key in ("svls", "geols", "superpixel", "epd")]  # fmt: skip
    first = citation["references"][: len(papers)]
    assert [(one["title"], one["year"]) for one in first] == [(paper["title"], paper["year"]) for paper in papers]
    for one, paper in zip(first, papers, strict=True):
        assert one["authors"][0]["family-names"] == re.match(r"\w+", paper["authors"])[0]


def test_citation_names_each_paper_once_and_says_for_what(citation):
    references = citation["references"]
    assert len({one["title"] for one in references}) == len(references) > 15
    assert all(one["notes"] and one["authors"][0]["family-names"] and one["year"] > 2000 for one in references)


def test_changelog_knows_the_version(root):
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(softbench.__version__)}\]", text, re.M) or (
        "## [Unreleased]" in text and f"This will be {softbench.__version__}" in text
    )


def test_container_recipes_install_all_pins_by_one_script(root):
    script = (root / "container" / "install.sh").read_text()
    for name in ("build", "requirements", "source-builds"):
        assert f'-r "$here/envs/{name}.txt"' in script
    for recipe in ("Dockerfile", "apptainer.def"):
        text = (root / "container" / recipe).read_text()
        assert "sh /opt/build/install.sh" in text
        assert "python:3.11-slim-bookworm" in text
        for copied in re.findall(r"^(?:COPY|   ) *((?:container|envs)/\S+)", text, re.M):
            assert list(root.glob(copied)), f"{recipe} copies {copied}, which does not exist"


def test_image_holds_no_code_of_the_suite(root):
    """An older copy in the image would run instead of the checkout's."""
    kept = [line for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert kept == ["!container/install.sh", "!envs/*.txt"]


def test_source_builds_have_the_same_flags_everywhere(root):
    flag = "-DNPY_IN_ARRAY=NPY_ARRAY_IN_ARRAY"
    for path in ("container/install.sh", "envs/labels.post-deploy.sh"):
        assert (root / path).read_text().count(flag) == 2, path  # of C and of C++
    assert {"CFLAGS": flag, "CXXFLAGS": flag} == install.SOURCE_BUILD


def test_python_versions_are_the_same_everywhere(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    stated = [kind.rsplit(" ", 1)[1] for kind in project["classifiers"]]
    assert project["requires-python"] == f">={stated[0]}"
    assert "sys.version_info < ({}, {})".format(*stated[0].split(".")) in (root / "Makefile").read_text()
    for page in ("CONTRIBUTING.md", "CHANGELOG.md", "docs/install.md"):
        text = (root / page).read_text(encoding="utf-8")
        assert set(re.findall(r"\b3\.1\d\b", text)) <= {*stated}, page
        assert stated[-1] in text, page
