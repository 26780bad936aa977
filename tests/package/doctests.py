"""Runs the examples of what is public, with softbench and Python alone, so also in a fresh environment:

    python tests/package/doctests.py soft_labels metrics statistics

Prints one line for each package, and exits with 1 where an example gives something else, or a public function has none.
"""

import doctest
import importlib
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType

RECIPE = "soften"  # what is public of each recipe


def public(package: str) -> Iterator[tuple[str, object]]:
    """Give name and object of what a package makes public; of soft labels, the `soften` of each recipe too."""
    module = importlib.import_module(f"softbench.{package}")
    for name in module.__all__:
        thing = getattr(module, name)
        yield f"{package}.{name}", thing
        if inspect.ismodule(thing):
            yield from ((f"{package}.{name}.{own}", part) for own, part in functions_of(thing))
    if package == "soft_labels":
        yield from ((f"{package}.{name}.{RECIPE}", module.recipe(name).soften) for name in module.names())


def functions_of(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Give the public functions that a module defines and that have an example."""
    for name, thing in vars(module).items():
        own = inspect.isfunction(thing) and thing.__module__ == module.__name__ and not name.startswith("_")
        if own and ">>>" in (thing.__doc__ or ""):
            yield name, thing


def examples(name: str, thing: object) -> list[doctest.DocTest]:
    """Return the examples in a docstring, each with variables of its own."""
    return [doctest.DocTestParser().get_doctest(inspect.getdoc(thing) or "", {}, name, None, None)]


def run(packages: list[str]) -> list[str]:
    """Run the examples of packages; return what is wrong, a line each, after doctest's own report."""
    wrong = []
    for package in packages:
        tried = 0
        for name, thing in public(package):
            for example in examples(name, thing):
                failed, attempted = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(example)
                tried += attempted
                wrong += [f"{name}: {failed} of {attempted} lines give something else"] if failed else []
                if inspect.isfunction(thing) and not example.examples:
                    wrong.append(f"{name} has no example")
        print(f"{package}: {tried} lines of examples")
    return wrong


if __name__ == "__main__":
    found = run(sys.argv[1:])
    print("\n".join(found))
    sys.exit(1 if found else 0)
