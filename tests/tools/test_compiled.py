"""What `make setup` compiles is all that networks, scores and geodesic distances compile."""

import importlib
from pathlib import Path

import softbench
from numba.core.registry import CPUDispatcher
from softbench.tools import compiled

ROOMS = ("networks", "metrics", "soft_labels")
RARE = ("blocks.py",)  # of large images alone


def test_every_module_that_compiles_is_used_once() -> None:
    compiled.main()
    package = Path(softbench.__file__).parent
    files = [file for room in ROOMS for file in (package / room).rglob("*.py")]
    files = [file for file in files if "njit(" in file.read_text() and file.name not in RARE]
    assert len(files) > 5
    for file in files:
        module = importlib.import_module(".".join(file.relative_to(package.parent).with_suffix("").parts))
        functions = [value for value in vars(module).values() if isinstance(value, CPUDispatcher)]
        assert any(function.signatures for function in functions), f"nothing of {file.name} was compiled"
