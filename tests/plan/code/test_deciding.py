"""Which files decide a job: what its stage reaches, its rule, what that names, config where its own values stand."""

import types
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench.jobs import sources
from softbench.plan.code import Code, deciding, record
from softbench.plan.code.deciding import Called
from softbench.plan.plan import Plan

TRAIN = {"network": "compact_unet", "loss": "ce", "recipe": "svls", "coarse": False}


@pytest.fixture(scope="module")
def code(root: Path) -> Code:
    return Code(root / "workflow")


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, root: Path) -> Callable[..., list[str]]:
    monkeypatch.chdir(root)

    def files(code: Code, stage: str, rule: str, *given: str, **named: object) -> list[str]:
        found = deciding.deciding(code, [stage], Called(rule, given), named)
        return [path.resolve().relative_to(root).as_posix() for path in found.files]

    return files


def test_training_is_decided_by_its_code_rules_scripts_and_split(code: Code, job: Callable) -> None:
    found = job(code, "train", "train", "workflow/splits/phantom_brain/main.csv", **TRAIN)
    package = "workflow/softbench"
    for path in ("soft_labels/svls.py", "losses/ce.py", "networks/compact_unet.py", "training/loop.py", "plan/plan.py"):
        assert f"{package}/{path}" in found
    for path in ("rules/train.smk", "rules/soft_labels/svls.smk", "scripts/train.py", "splits/phantom_brain/main.csv"):
        assert f"workflow/{path}" in found
    assert {"Snakefile", "workflow/plan.smk", "envs/training.yaml"} <= set(found)
    assert not {"workflow/rules/soft_labels/ls.smk", f"{package}/soft_labels/geols.py", "config.yaml"} & set(found)


def test_program_that_a_rule_names_decides_what_it_makes(tree: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = tree({"scripts/mine.R": "x <- 1", "rules/soft_labels/mine.smk": RULE})
    found = list(deciding.of_rule(workflow.parent, "soften_mine"))
    assert found == [workflow / "rules/soft_labels/mine.smk", workflow / "scripts/mine.R"]


RULE = """
rule soften_mine:
    input:
        program="workflow/scripts/mine.R",
    output:
        "results/soft_labels/{dataset}/{soft_label}/manifest.json",
    shell:
        "softbench pack -- Rscript {input.program} > {log}"
"""


def plan(root: Path, *assignments: str, configfiles: tuple[Path, ...] = ()) -> Plan:
    return Plan.read(root, configfiles, assignments)


def named(monkeypatch: pytest.MonkeyPatch, folder: Path, plan: Plan, **wildcards: str) -> deciding.Written:
    monkeypatch.setenv(deciding.INDEX, "")
    deciding.note_config(plan, folder)
    return deciding.of_config(wildcards.items())


def test_config_counts_where_the_job_s_own_values_stand(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("methods: {svls: {title: Mine}}\nmirror: https://me:secret@host\n")
    known = plan(root, "protocols={demo_brain: {batch: 3}}", "seeds=[7]", configfiles=(own,))
    files, assigned = named(monkeypatch, tmp_path, known, experiment="demo_brain", method="svls")
    assert files >= {str(own), "config/demo.yaml", "config/methods.yaml"}
    assert assigned == {"protocols.demo_brain.batch": 3}
    files, _ = named(monkeypatch, tmp_path, known, experiment="demo_nodule", method="ls")
    assert not files & {str(own), "config.yaml", "config/papers/svls.yaml"}


def test_rehearsal_is_decided_by_the_file_of_its_experiment(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, _ = named(monkeypatch, tmp_path, plan(root), experiment="svls_lidc_phantom")
    assert "config/papers/svls.yaml" in files


def test_job_whose_snakemake_noted_no_config_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(deciding.INDEX, "/no/such/file.json")
    assert deciding.of_config([("experiment", "demo_brain")]) == (set(), {})


def test_records_of_inputs_lie_beside_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    there = [
        "results/data/brain/provenance.json",
        "results/raw/brats/manifest.code.json",
        "results/splits/brain/main.code.json",
        "results/maps/brain/geo/shard-0.provenance.json",
        "results/runs/a/b/c/seed-0/provenance.json",
    ]
    for name in there:
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text("{}")
    inputs = ["data/brain/manifest.json", "raw/brats/manifest.json", "splits/brain/main.csv"]
    inputs += ["maps/brain/geo/shard-0.json", "runs/a/b/c/batch-0.json", "soft_labels/brain/none/manifest.json"]
    assert [str(record) for name in inputs for record in deciding.list_records(Path("results", name))] == there


def test_note_reads_the_files_of_a_job(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.setattr(sources, "_noted", [])
    monkeypatch.setenv("SOFTBENCH_CODE", "")
    job = types.SimpleNamespace(rule="train", input=["workflow/splits/phantom_brain/main.csv"], wildcards={})
    record.note("train", "score", folder=tmp_path, job=job, **TRAIN)
    hashes = sources._noted[0].hashes
    assert len(hashes) > 80
    assert any(name.endswith("workflow/splits/phantom_brain/main.csv") for name in hashes)
