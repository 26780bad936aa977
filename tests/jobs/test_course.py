"""What is told of a run: each training job that ends, and at its end whether it was stopped or something failed."""

import logging
from typing import Any

import pytest
from softbench.jobs import course

CTRL_C = "Terminating processes on user request, this might take some time."
SIGTERM = "Will exit after finishing currently running jobs (scheduler)."


def line(text: str, **facts: Any) -> logging.LogRecord:
    """A line as Snakemake logs it, with what it gives to its formatter."""
    return logging.makeLogRecord({"name": "snakemake", "levelno": logging.INFO, "msg": text, **facts})


FAILED = line("Error in rule train, jobid: 3", event="job_error")
RULE_EXCEPTION = line("RuleException:\nCalledProcessError in file ...", event="error", exception="RuleException")
FINAL = line("At least one job did not complete successfully.", event="error", exception="WorkflowError")


def test_training_jobs_are_counted_against_those_of_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    run = course.Course()
    rules = ("prepare", "train", "train", "table")
    lines = [line("Job stats: ...", event="run_info", stats={"prepare": 1, "train": 2, "table": 1, "total": 4})]
    lines += [
        line(f"Finished jobid: {number} (Rule: {rule})", event="job_finished") for number, rule in enumerate(rules)
    ]
    assert all(map(run.filter, lines))
    assert capsys.readouterr().out.splitlines() == [
        f"{done} of 2 training jobs of this run finished" for done in (1, 2)
    ]


def test_jobs_that_ctrl_c_ended_are_not_explained_as_failures() -> None:
    run = course.Course()
    shown = [run.filter(record) for record in (line(CTRL_C), RULE_EXCEPTION, FAILED, FINAL)]
    assert shown == [True, False, False, True]
    assert run.ending() == course.STOPPED


@pytest.mark.parametrize(
    ("lines", "ending"),
    [
        ([line(SIGTERM)], course.STOPPED),
        ([line(SIGTERM), FAILED], course.STOPPED),  # the signal may have reached the jobs, too
        ([FAILED, line(SIGTERM)], course.FAILED),
        ([RULE_EXCEPTION, FAILED], course.FAILED),
        ([], course.FAILED),  # Snakemake itself
    ],
)
def test_end_says_whether_there_is_something_to_mend(lines: list[logging.LogRecord], ending: str) -> None:
    run = course.Course()
    assert all(map(run.filter, lines))  # a failure is always shown
    assert run.ending() == ending


def test_words_are_those_of_snakemake() -> None:
    """The scheduler's source, as it is installed: another wording would let everything pass silently."""
    from pathlib import Path

    import snakemake.exceptions
    from snakemake.scheduling import job_scheduler
    from snakemake_interface_logger_plugins.common import LogEvent

    source = Path(job_scheduler.__file__).read_text(encoding="utf-8")
    assert course.AT_CTRL_C in source
    assert course.AT_SIGTERM in source
    assert 'f"Finished jobid: {job.jobid} (Rule: {job.rule.name})"' in source
    assert list(course.OF_JOBS) == [LogEvent.JOB_ERROR, LogEvent.GROUP_ERROR]
    assert LogEvent.RUN_INFO == "run_info"
    assert snakemake.exceptions.RuleException.__name__ == "RuleException"
