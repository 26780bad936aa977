"""A rerun and a stopped run must give the same weights on a CPU; on a GPU the difference is said."""

import pytest
import torch
from softbench.errors import TimeLimitError
from softbench.tools.check import repeat
from torch import nn

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def weights(*values: float) -> nn.Module:
    model = nn.Linear(len(values), 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([values]))
    return model


@pytest.fixture
def runs(monkeypatch):
    """Let the runs of a check end with given weights; None stands for one that its time limit stops."""

    def give(*models):
        queue = iter(models)

        def run(folder, device, deadline=None):
            model = next(queue)
            if model is None:
                assert deadline is not None
                raise TimeLimitError
            return model

        monkeypatch.setattr(repeat, "small_run", run)

    return give


def test_this_cpu_repeats_itself() -> None:
    assert repeat.rerun(CPU).verdict == "ok"


def test_this_cpu_goes_on_where_it_stopped() -> None:
    assert repeat.resume(CPU).verdict == "ok"


def test_run_past_its_limit_stops_in_the_middle_and_leaves_the_threads_alone(tmp_path) -> None:
    threads = torch.get_num_threads()
    with pytest.raises(TimeLimitError, match="at step 5 of 10"):
        repeat.small_run(tmp_path, CPU, deadline=0.0)
    assert (tmp_path / "checkpoint.pt").exists()
    assert torch.get_num_threads() == threads


def test_difference_is_the_largest_of_all_weights() -> None:
    assert repeat.difference(weights(1, 2, 3), weights(1, 2.5, 2.75)) == 0.5


def test_cpu_that_does_not_repeat_itself_fails(runs) -> None:
    runs(weights(1, 2), weights(1, 2.25))
    finding = repeat.rerun(CPU)
    assert finding.verdict == "failed"
    assert "0.25" in finding.detail


def test_gpu_that_does_not_repeat_itself_is_said(runs) -> None:
    runs(weights(1, 2), weights(1, 2.25))
    finding = repeat.rerun(GPU)
    assert finding.verdict == "ok"
    assert "0.25" in finding.detail


def test_cpu_that_loses_its_state_fails(runs) -> None:
    runs(weights(1.0), None, weights(1.5))
    assert repeat.resume(CPU).verdict == "failed"


def test_gpu_may_differ_by_ten_times_a_rerun(runs) -> None:
    for apart, verdict in ((0.09, "ok"), (0.2, "warning")):
        runs(weights(1.0), None, weights(1.0 + apart), weights(1.01))
        assert repeat.resume(GPU).verdict == verdict


def test_limit_that_does_not_stop_fails(runs) -> None:
    runs(weights(1.0), weights(1.0))
    assert "was not stopped" in repeat.resume(CPU).detail
