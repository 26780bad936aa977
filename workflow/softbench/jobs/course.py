"""The course of a run, told by what Snakemake says: how much is trained, whether it was stopped, whether a job failed.

Snakemake's own count is of steps of very different length. So each training job that ends is counted against all of
the run. At Ctrl-C every job ends with an error, which Snakemake explains in a dozen lines a job as if it had failed;
these are left out, since each job has said in one line that it was stopped.
"""

import logging
import re

VERSION = None  # sentences
AT_CTRL_C = "Terminating processes on user request"
AT_SIGTERM = "Will exit after finishing currently running jobs"  # jobs that run are waited for
ENDED = re.compile(r"Finished jobid: \d+ \(Rule: train\)")
OF_JOBS = ("job_error", "group_error")  # events of Snakemake's log
TRAINED = "{done} of {count} training jobs of this run finished"
STOPPED = "It was stopped; what is finished is kept. Give the same command to go on."
FAILED = "Ended before all was done. What is finished is kept: mend what is said above, and give the same command."


class Course(logging.Filter):
    """Reads Snakemake's lines, and leaves out those of jobs that Ctrl-C ended."""

    def __init__(self) -> None:
        """Begin with a run of which nothing is known."""
        super().__init__()
        self.count = self.done = 0  # training jobs
        self.by_user = self.stopped = self.failed = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is said."""
        said, event = str(record.msg), getattr(record, "event", None)
        if event == "run_info":
            self.count = getattr(record, "stats", {}).get("train", 0)
        elif ENDED.match(said):
            self.done += 1
            print(TRAINED.format(done=self.done, count=self.count), flush=True)
        self.by_user |= said.startswith(AT_CTRL_C)
        self.stopped |= said.startswith((AT_CTRL_C, AT_SIGTERM))
        self.failed |= event in OF_JOBS and not self.stopped
        return not (self.by_user and (event in OF_JOBS or getattr(record, "exception", None) == "RuleException"))

    def ending(self) -> str:
        """Return the last sentence of a run that ended before all was done."""
        return STOPPED if self.stopped and not self.failed else FAILED


_course = Course()


def watch() -> None:
    """Look at the lines of this Snakemake from now on."""
    from snakemake.logging import logger

    logger.addFilter(_course)


def ending() -> str:
    """Return the last sentence of a run of this process that ended before all was done."""
    return _course.ending()
