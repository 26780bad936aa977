"""Claims are judged on the runs that are there, and train none unless they are asked to."""

from collections.abc import Callable

RUN = "results/runs/svls_brats2019_phantom/compact_unet/one_hot"
FAILED = '{"run": {"method": "one_hot"}, "seeds": {"0": {"status": "failed", "reason": "loss is nan at step 3"}}}'


def test_claims_need_no_run_and_are_judged_anew_when_one_appears(make_clone: Callable) -> None:
    clone, rehearsed = make_clone("claims"), ("results/claims.md", "--config", "data=phantom")
    clone.run(*rehearsed)
    assert not (clone.path / "results/runs").exists()
    made = (clone.path / "results/claims.md").read_text(encoding="utf-8")
    assert "Not run: svls_1 (brats2019_svls, prostatex_zones, kits2019_svls): nothing was run yet" in made
    assert "Nothing to be done" in clone.run("-n", *rehearsed)
    batch = clone.path / RUN / "batch-0.json"
    batch.parent.mkdir(parents=True)
    batch.write_text(FAILED, encoding="utf-8")
    assert clone.jobs(*rehearsed) == {"claims": 1}
    clone.run(*rehearsed)
    made = (clone.path / "results/claims.md").read_text(encoding="utf-8")
    assert "every run failed. one_hot, seed 0: loss is nan at step 3." in made


def test_claims_of_the_papers_page_ask_for_its_runs(make_clone: Callable) -> None:
    jobs = make_clone("paper_claims").jobs("results/paper_tables_phantom/claims.md", "--config", "data=phantom")
    assert jobs["claims_of_papers"] == 1
    assert jobs["train"] > 1
