"""Write the lines of a job to its log file and to the terminal; end it with one message where it cannot continue."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from softbench.errors import InputError, TimeLimitError
from softbench.jobs import launch, lock, storage


@contextmanager
def job(path: str) -> Iterator[Callable[[str], None]]:
    """Give a job its `log` and end it with one message where the input cannot be used.

    Args:
        path: the rule's log file; it is begun anew.
    Yields: a function that writes a line to the file and to the terminal.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    name = Path(path).with_suffix("").as_posix().removeprefix("results/logs/")

    def show(line: str) -> None:
        print(f"{name}: {line}", file=sys.stderr, flush=True)

    with lock.alone(Path(path), show), open(path, "wb", buffering=0) as file:

        def keep(text: str) -> None:
            with suppress(OSError):  # a log that cannot be written, on a full disk, stops no job
                file.write(text.encode())

        def log(line: str) -> None:
            show(line)
            keep(f"{time.strftime('%H:%M:%S')} {line}\n")

        lock.end_with_starter(log)
        try:
            launch.require_onward()
            yield log
            launch.require_onward()
        except InputError as error:
            log(f"ERROR: {error}")
            sys.exit(1)
        except TimeLimitError as error:
            log(f"STOPPED: {error}")
            sys.exit(1)
        except BaseException as error:
            if message := storage.explained(error):
                log(f"ERROR: {message}")
                sys.exit(1)
            keep(traceback.format_exc())
            raise
