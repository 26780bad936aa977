"""Runs benchmarks one after another in one process, so that torch and MONAI are imported once; writes how each ended.

Usage: python run_all.py ORDERS OUTCOMES     both JSON: [[name, script, [arguments]]], {name: {printed, error, seconds}}
"""

import contextlib
import io
import json
import runpy
import sys
import time
import traceback
from pathlib import Path


def main() -> None:
    """Run what is ordered; after each script the outcomes so far are written."""
    orders, outcomes = Path(sys.argv[1]), Path(sys.argv[2])
    found = {}
    for name, script, arguments in json.loads(orders.read_text()):
        found[name] = outcome(script, arguments)
        outcomes.write_text(json.dumps(found))


def outcome(script: str, arguments: list[str]) -> dict[str, object]:
    """Run a script as `python script arguments` does; return what it printed, and its traceback or exit code if any."""
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).parent)
    printed, error, start = io.StringIO(), "", time.monotonic()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as stop:
            error = f"exit code {stop.code}" if stop.code else ""
        except BaseException:
            error = traceback.format_exc()
    return {"printed": printed.getvalue(), "error": error, "seconds": time.monotonic() - start}


if __name__ == "__main__":
    main()
