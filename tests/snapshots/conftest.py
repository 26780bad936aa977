"""Snapshots: numbers of a module on a phantom, kept with its VERSION and those of the modules that it reaches."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench.plan.code import Code

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def code() -> Code:
    return Code(HERE.parents[1] / "workflow")


@pytest.fixture
def check_snapshot(request: pytest.FixtureRequest, code: Code) -> Callable[..., None]:
    """Compare numbers with those kept; fail where they changed and no VERSION did. `modules` are below softbench/."""
    rewrite = request.config.getoption("--rewrite-snapshots")

    def check(name: str, modules: list[str], numbers: dict[str, float], tolerance: float = 1e-5) -> None:
        path = HERE / f"{name}.json"
        versions = code.versions(*(f"softbench/{module}" for module in modules))
        now = {"versions": versions, "numbers": {key: float(f"{n:.7g}") for key, n in numbers.items()}}
        kept = json.loads(path.read_text()) if path.exists() else None
        if kept is not None:
            same = kept["numbers"] == pytest.approx(now["numbers"], rel=tolerance, abs=1e-6)
            raised = kept["versions"] != now["versions"]
            if same and not raised:
                return
            assert same or raised, (
                f"the output of {', '.join(modules)} changed, but no VERSION that they reach did: users would keep "
                "stale results. "
                f"Raise the VERSION of the module that changed, then `make snapshot`. Now: {now['numbers']}; "
                f"before: {kept['numbers']}"
            )
        assert rewrite, (
            f"a VERSION that {', '.join(modules)} reach is new here: `make snapshot`, and commit {path.name}"
        )
        path.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")

    return check
