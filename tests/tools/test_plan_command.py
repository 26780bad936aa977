"""What a target will take: jobs from a dry run, hours from runs that were seen, nothing from thin air."""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from softbench import InputError, cli, networks
from softbench.jobs import pieces
from softbench.plan import sizes
from softbench.plan.answers import memory
from softbench.plan.modules import PACKAGE
from softbench.plan.plan import Plan
from softbench.tools.plan import estimate, measured, operations, parse_config, render
from softbench.tools.plan.estimate import Job
from softbench.tools.plan.operations import CARDS, Rate

SAID = """
[Thu Jan 3 10:00:00 2030]
rule train:
    input: results/data/a/manifest.json, workflow/splits/a/main.csv
    output: results/runs/tiny/tiny_unet/svls/batch-0.json
    log: results/logs/x.log
localrule all:
    input: a
    jobid: 0
rule table:
    output: results/tables/tiny.csv, results/tables/tiny.md
Job stats:
job      count
-----  -------
train        1
"""
RUNS = Path("results/runs/tiny/tiny_unet")


@pytest.fixture(scope="module")
def plan(root: Path) -> Plan:
    return Plan.read(root, ["tests/workflow/tiny.yaml"], ["seeds=[0,1,2]"])


@pytest.fixture
def suite(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("workflow").symlink_to(root / "workflow")
    return tmp_path


def train(*methods: str, experiment: str = "tiny") -> list[Job]:
    return [Job("train", (f"results/runs/{experiment}/tiny_unet/{method}/batch-0.json",)) for method in methods]


def trained(method: str, seed: int, cpu_s: float, **more: object) -> None:
    """Write the records of a run of 40 steps."""
    folder = RUNS / method / f"seed-{seed}"
    folder.mkdir(parents=True)
    facts = {"seconds": cpu_s, "cpu_seconds": cpu_s, "peak_memory_mib": 500.0, "processor": "A fine CPU"}
    pieces.write_json(folder / "provenance.json", {**facts, "began": "2030-01-02T03:00:00Z", **more})
    (folder / "history.csv").write_text("step,step_s\n20,0.01\n40,0.01\n")
    (folder / "model.key.json").write_text("{}")


def forecast(plan: Plan, jobs: list[Job]) -> list[estimate.Group]:
    return estimate.groups(estimate.collect_runs(plan, jobs), estimate.seen(plan))


def test_jobs_are_read_from_a_dry_run() -> None:
    jobs = estimate.parse(SAID)
    assert [job.rule for job in jobs] == ["train", "all", "table"]
    assert [len(job.outputs) for job in jobs] == [1, 0, 2]
    assert estimate.by_rule([*jobs, jobs[0]]) == {"train": 2, "all": 1, "table": 1}


def test_run_that_was_never_seen_has_steps_and_voxels_and_no_hours(suite: Path, plan: Plan) -> None:
    (group,) = forecast(plan, train("svls", "ls"))
    assert (group.runs, group.steps, group.load.voxels) == (6, 40, 2 * 16 * 24 * 24)  # 2 methods x 3 seeds
    assert math.isnan(group.hours)
    said = render({"train": 2}, [group], {}, {})
    assert "each run: 6 training cases, batch 2: 40 steps\n  a step of 2 x 16 x 24 x 24 voxels (18,432; " in said
    assert "not known: no run of tiny_unet at 2 x 16 x 24 x 24 was seen" in said
    assert "training not known: tiny (6 runs)" in said


def test_hours_are_those_of_seen_runs_scaled_by_steps(suite: Path, plan: Plan) -> None:
    for seed, cpu_s in enumerate([10, 20, 60]):
        trained("one_hot", seed, cpu_s)
    (group,) = forecast(plan, train("svls", "ls"))
    assert group.hours == pytest.approx(6 * 20 / 3600)  # six runs of as many steps as the median of those seen
    assert group.peak_mib == 500
    assert not group.on_gpu
    (longer,) = forecast(with_steps(plan, 400), train("svls"))
    assert longer.hours == pytest.approx(3 * 200 / 3600)  # three runs, ten times as many steps


def test_operations_of_a_convolution_are_counted_by_hand() -> None:
    """A convolution has its weights x its pixels as terms, two operations each: once forward, twice backward.

    Backward leaves out the gradient of the image itself, which nobody asks for.
    """
    settings = (("name", repr("unet3d")), ("widths", repr([8, 16])))
    counted = operations.of_image(settings, 3, 2, (8, 8))
    model = networks.build("unet3d", 3, 2, 2, widths=[8, 16])
    terms, of_image = 0, 0

    def add(layer: torch.nn.Module, given: tuple[torch.Tensor, ...], made: torch.Tensor) -> None:
        nonlocal terms, of_image
        own = made.shape[2:].numel() * layer.weight.numel()
        terms += own
        of_image += own if given[0].shape[1] == 3 else 0

    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(add)
    model(torch.zeros(1, 3, 8, 8))
    assert of_image > 0
    assert counted == 2 * (3 * terms - of_image)


def test_grid_is_widened_as_training_widens_it() -> None:
    settings = (("name", repr("unet3d")), ("widths", repr([8, 16])))
    assert operations.of_image(settings, 1, 2, (7, 8)) == operations.of_image(settings, 1, 2, (8, 8))


def test_estimate_is_operations_over_a_share_of_the_peak(suite: Path, plan: Plan) -> None:
    jobs = train("svls", "ls")
    rate = Rate("A100", 0.25)
    (group,) = operations.with_estimates(plan, forecast(plan, jobs), rate)
    assert group.operations > 0
    assert group.estimated_hours == pytest.approx(6 * 40 * group.operations / (0.25 * 312e12) / 3600)
    assert math.isnan(group.hours)  # nothing was measured, and no estimate stands in its place
    said = render({"train": 2}, [group], {}, {}, rate)
    assert "estimate, not measured: " in said
    assert "25 % of the peak of one A100, 312 TFLOP/s (NVIDIA A100 datasheet)" in said
    assert "training not known: tiny (6 runs)" in said


def test_measured_hours_leave_no_estimate(suite: Path, plan: Plan) -> None:
    trained("one_hot", 0, 10)
    (group,) = operations.with_estimates(plan, forecast(plan, train("svls")), Rate())
    assert group.hours > 0
    assert math.isnan(group.estimated_hours)
    assert "estimate" not in render({"train": 1}, [group], {}, {}, Rate())


def test_runs_in_fp32_count_with_the_peak_of_fp32() -> None:
    """TF32 is off in the suite's float32, so tensor cores stand still."""
    assert Rate("H100").peak("auto") == CARDS["H100"].bf16
    assert Rate("H100").peak("fp32") == CARDS["H100"].fp32 < 0.1 * CARDS["H100"].bf16


def test_steps_before_the_split_follow_from_the_published_cases(plan: Plan) -> None:
    """98 patients of which 71.4 % train are 70: 35 steps of two an epoch."""
    protocol = plan.protocol_of("svls_prostatex", "svls")
    assert memory.steps(plan, "svls_prostatex", protocol) == 200 * 35
    assert memory.steps(plan, "svls_prostatex", {**protocol, "epochs": None}) is None
    assert memory.steps(plan, "hippocampus", protocol) is None  # no number of cases stands in its source


def test_channels_are_those_of_modalities_and_windows(plan: Plan) -> None:
    assert sizes.channels_and_classes(plan.datasets["saros"]) == (3, 6)
    assert sizes.channels_and_classes(plan.datasets["brats2019_geols"]) == (4, 4)


def test_readme_has_the_hours_of_the_open_tables(root: Path, suite: Path) -> None:
    """Every run of svls_1_open and geols_1_open with three seeds, estimated on the default card, to the hour."""
    plan = Plan.read(root, [], ["seeds=[0,1,2]", "data=open"])
    asked = {
        block["experiment"] for name in ("svls_1_open", "geols_1_open") for block in plan.paper_tables[name]["blocks"]
    }
    rows = {"svls": "one_hot ls ls_02 ls_03 svls", "geols": "one_hot ls focal svls geols geols_paper"}
    batches = [
        path
        for experiment in sorted(asked)
        for method in rows[experiment.split("_")[0]].split()
        for path in plan.batch_files((experiment, "unet3d", method))
    ]
    runs = estimate.collect_runs(plan, [Job("train", (path,)) for path in batches])
    groups = operations.with_estimates(plan, estimate.groups(runs, estimate.seen(plan)), Rate())
    assert sum(group.runs for group in groups) == 63
    hours = sum(group.estimated_hours for group in groups)
    said = " ".join((root / "docs" / "run.md").read_text(encoding="utf-8").split())
    assert f"with 3 seeds takes {hours:.0f} hours on one {Rate().gpu}, validation not included: an estimate" in said


@pytest.mark.parametrize(("gpu", "share", "said"), [("B2", 0.1, "`gpu` must be one of"), ("A100", 0.0, "`share` is")])
def test_unknown_card_and_empty_share_are_refused(gpu: str, share: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Rate(gpu, share)


def with_steps(plan: Plan, steps: int) -> Plan:
    class Longer:
        """The same plan, but each run takes more steps; what was seen took those of its history."""

        def __getattr__(self, name: str) -> object:
            return getattr(plan, name)

        def protocol_of(self, experiment: str, method: str) -> dict:
            return plan.protocol_of(experiment, method) | {"steps": steps}

    return Longer()  # type: ignore[return-value]


def test_own_runs_count_before_those_of_other_methods(suite: Path, plan: Plan) -> None:
    trained("one_hot", 0, 10)
    trained("svls", 0, 90)
    (group,) = forecast(plan, train("svls"))
    assert (group.runs, group.kept) == (2, 1)  # seed 0 has a model
    assert group.hours == pytest.approx(2 * 90 / 3600)
    assert group.kept_hours == pytest.approx(90 / 3600)


def test_stopped_runs_tell_no_time(suite: Path, plan: Plan) -> None:
    trained("one_hot", 0, 0.1)  # 40 steps of 0.01 s are 0.4 s: this is the last part alone
    (group,) = forecast(plan, train("svls"))
    assert math.isnan(group.hours)


def test_gpu_runs_are_gpu_hours_by_the_clock(suite: Path, plan: Plan) -> None:
    trained("one_hot", 0, 5.0, seconds=7200.0, peak_device_memory_mib=3000.0, device="A fine GPU")
    (group,) = forecast(plan, train("svls"))
    assert (group.on_gpu, group.hours, group.peak_gpu_mib, group.hardware) == (True, 6.0, 3000.0, "A fine GPU")
    assert "training 6 GPU-hours for 3 runs" in render({"train": 1}, [group], {}, {})


def test_time_of_scoring_is_that_of_its_record(suite: Path) -> None:
    trained("ls", 0, 15.0)
    assert math.isnan(estimate.scoring_s(RUNS / "ls" / "seed-0"))
    pieces.write_json(RUNS / "ls" / "seed-0" / "scores.provenance.json", {"seconds": 10.5})
    assert estimate.scoring_s(RUNS / "ls" / "seed-0") == 10.5


def test_coarse_methods_are_a_load_of_their_own(plan: Plan) -> None:
    load = estimate.find_load(plan, "demo_body", "compact_unet", "epd_2")
    assert load.grid == (64, 64)  # half of 128 x 128


def test_epochs_become_steps_by_the_cases_of_the_split(suite: Path, plan: Plan) -> None:
    cases = estimate.count_cases(plan, "svls_brats2019", "train")
    protocol = plan.protocol_of("svls_brats2019", "svls")
    found = estimate.training_length(plan, "svls_brats2019", "svls")
    assert found.steps == protocol["epochs"] * math.ceil(cases / protocol["batch"])
    assert (found.cases, found.epochs) == (cases, protocol["epochs"])


def test_downloads_are_as_large_as_published() -> None:
    sources = ("hippocampus", "oct_dme", "kits2019")
    jobs = [Job("fetch_source", (f"results/raw/{source}/manifest.json",)) for source in sources] + [
        Job("train", ("x",))
    ]
    sizes = estimate.downloads(jobs, {"folders": {"kits2019": "/data"}})
    assert sizes == {"hippocampus": (0.027, 0.03), "oct_dme": None, "kits2019": (0.0, 0.0)}
    said = render({"fetch": 3}, [], sizes, {})
    assert "hippocampus: 0.027 GB" in said
    assert "oct_dme: size not published" in said
    assert "kits2019: none, a folder is given" in said


def test_data_behind_a_login_is_named(suite: Path, plan: Plan) -> None:
    assert estimate.left_out(["tiny", "svls_1"], plan)["svls_brats2019"].startswith("its data is behind a login")
    assert "geols_flare2021" in estimate.left_out(["paper_tables"], plan)
    assert estimate.left_out(["tiny", "svls_1_phantom"], plan) == {}


def test_config_options_are_found_among_those_of_snakemake() -> None:
    passed = ["--profile", "slurm", "--configfile", "a.yaml", "b.yaml", "--rerun-triggers", "mtime", "-C", "seeds=[0]"]
    found = parse_config(passed)
    assert (found.configfile, found.config) == (["a.yaml", "b.yaml"], ["seeds=[0]"])


@pytest.fixture
def clone(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command in a copy of the suite without results."""
    for part in ("Snakefile", "config.yaml", "config", "workflow", "envs", "tests/workflow/tiny.yaml"):
        target = tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(root / part, target) if (root / part).is_dir() else shutil.copy(root / part, target)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE.parent))
    passed = ["--", "--configfile", "tests/workflow/tiny.yaml", "--config", "seeds=[0,1]"]
    return lambda *words: cli.main(["plan", *words, *passed])


def test_command_asks_snakemake(clone: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert clone("--json", "results/tables/tiny.csv") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["jobs"]["train"] == 4  # one_hot, ls, svls, geols
    assert (found["groups"][0]["runs"], found["groups"][0]["hours"]) == (8, None)
    assert not Path("results/data").exists()


def test_failed_dry_run_is_snakemakes_complaint_alone() -> None:
    said = "Using workflow specific profile x\nHost: here\n\nMissingRuleException:\nNo rule to produce tinny\n"
    assert estimate.complaint(said) == "MissingRuleException:\nNo rule to produce tinny"
    assert estimate.complaint("snakemake: bad option") == "snakemake: bad option"


def test_config_without_a_value_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="takes key=value, but was given 'seeds'"):
        Plan.read(root, [], ["seeds"])


def test_times_of_phantoms_come_with_the_suite(suite: Path, root: Path) -> None:
    plan = Plan.read(root)
    jobs = [Job("train", (f"results/runs/demo_brain/compact_unet/{name}/batch-0.json",)) for name in ("svls", "geols")]
    (group,) = estimate.groups(estimate.collect_runs(plan, jobs), measured.known(plan))
    assert (group.runs, group.on_gpu) == (6, False)
    assert 6 * 3 / 3600 < group.hours < 6 * 300 / 3600  # seconds a run: the demo's 50-odd runs take minutes
    assert "which the suite brings along" in group.basis
    assert "Xeon" in group.hardware
    assert group.scoring_hours > 0
    assert group.disk_mib > 0


def test_every_phantom_of_demo_and_papers_is_known(suite: Path, root: Path) -> None:
    plan, rows = Plan.read(root), measured.read()
    tables = [*plan.papers_of("phantom"), *plan.config["run"]]
    experiments = dict.fromkeys(experiment for table in tables for experiment in plan.experiments_of(table))
    unknown = {
        experiment
        for experiment in experiments
        for network in plan.experiments[experiment]["networks"]
        for method in plan.methods_of(experiment)
        if plan.methods[method]["sanity"] is None
        and not (rows["load"] == estimate.find_load(plan, experiment, network, method)).any()
    }
    assert unknown == set(), "run them, and `softbench costs --times workflow/softbench/tools/plan/measured.json`"


def test_own_runs_go_before_those_that_the_suite_brings_along(suite: Path, plan: Plan, tmp_path: Path) -> None:
    trained("ls", 0, cpu_s=4.0)
    file = tmp_path / "times.json"
    assert measured.write(plan, [Path("results")], file) == 1
    shutil.rmtree("results")
    seen = measured.known(plan).iloc[:0]
    for cpu_s, basis, kept in ((None, "1 run of tiny, which the suite brings along", 4.0), (8.0, "1 run of tiny", 8.0)):
        if cpu_s is not None:
            trained("ls", 0, cpu_s=cpu_s)
        own = estimate.seen(plan)
        seen = pd.concat([frame for frame in (own, measured.read(file)) if len(frame)], ignore_index=True)
        (group,) = estimate.groups(estimate.collect_runs(plan, train("svls")), seen)
        assert group.basis == basis
        assert group.hours == pytest.approx(3 * kept / 3600)


def test_times_of_many_seeds_are_one_row_with_their_median(suite: Path, plan: Plan, tmp_path: Path) -> None:
    for seed, cpu_s in enumerate((4.0, 6.0, 80.0)):
        trained("ls", seed, cpu_s=cpu_s)
    measured.write(plan, [Path("results")], tmp_path / "times.json")
    (row,) = json.loads((tmp_path / "times.json").read_text())["rows"]
    assert (row["runs"], row["s_per_step"], row["hardware"]) == (3, 6.0 / 40, "A fine CPU")
    assert "scoring_s" not in row  # there is no record of the job: not known, not 0
