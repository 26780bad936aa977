"""How many jobs the shipped demo takes: each costs a start, and on a cluster a place in the queue."""

from collections.abc import Callable

AT_MOST = 41
AT_MOST_OF_ALL = 97


def test_demo_takes_at_most_so_many_jobs_and_one_a_table(make_clone: Callable) -> None:
    clone = make_clone("demo_jobs")
    jobs = clone.jobs(config="config.yaml")
    assert sum(jobs.values()) <= AT_MOST
    assert jobs["table"] == 4
    whole = clone.jobs("demo_all", config="config.yaml")
    assert sum(whole.values()) <= AT_MOST_OF_ALL
    assert (whole["table"], whole["paper_table"]) == (3, 1)
