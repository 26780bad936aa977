"""Does each soft label of a teacher belong to experiments whose cases the teacher's networks predict without leaks."""

from collections.abc import Iterator
from typing import Any

from softbench.plan.checks.experiments import Facts
from softbench.plan.places import Fault, KeyPath

TEACHER = "teacher"


def faults(facts: Facts) -> Iterator[Fault]:
    """Yield teachers that cannot teach, and experiments whose test cases a teacher may have seen."""
    for name, teacher in facts.plan.teachers.items():
        yield from _method(name, teacher, facts)
        yield from _twice(name, teacher, facts)
    for name in facts.plan.experiments:
        yield from _split(name, facts)


def _method(name: str, teacher: dict[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield a teacher's method that is not trained, has a teacher itself, a coarser grid or a setting to choose."""
    plan, key = facts.plan, teacher["method"]
    method, path = plan.methods[key], ("teachers", name, "method")
    if method["sanity"] is not None:
        yield Fault(path, f"is {key!r}, which is not trained. Name a method that is.")
    elif TEACHER in plan.soft_labels[method["soft_label"]]:
        yield Fault(path, f"is {key!r}, which learns from a teacher itself. Name a method that does not.")
    elif method["resolution"] is not None:
        yield Fault(path, f"is {key!r}, which trains on a coarser grid. Name a method of the full grid.")
    elif key in plan.tried:
        yield Fault(path, f"is {key!r}, whose setting is chosen by `tune`. Name a method without `tune`.")


def _twice(name: str, teacher: dict[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield two experiments of one data set: a soft label belongs to a data set, so it has one teacher there."""
    seen: dict[str, str] = {}
    for place, experiment in enumerate(teacher["experiments"]):
        dataset = facts.plan.dataset_of(experiment)
        first = seen.setdefault(dataset, experiment)
        if first != experiment:
            said = (
                f"is {experiment!r}, of the data set {dataset!r} as {first!r} is. Name one of them, and make another "
            )
            yield Fault(("teachers", name, "experiments", place), f"{said}teacher for the other.")


def _split(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield an experiment that learns from a teacher of another split: its networks may have seen the test cases."""
    plan = facts.plan
    dataset, split = plan.dataset_of(name), plan.experiments[name]["split"]
    for method in [*plan.methods_of(name), *(key for tuned in plan.tuned_in(name) for key in plan.tried[tuned])]:
        label = plan.methods[method]["soft_label"]
        teacher = plan.soft_labels.get(label or "", {}).get(TEACHER)
        if teacher is None:
            continue
        path: KeyPath = facts.path(name, "methods")
        taught = plan.teacher_experiment(teacher, dataset)
        if taught is None:
            said = f"has {method!r}, whose teacher {teacher!r} has no experiment of the data set {dataset!r}. "
            yield Fault(path, f"{said}Add one to teachers.{teacher}.experiments, or leave the method out.")
        elif plan.experiments[taught]["split"] != split:
            own = plan.experiments[taught]["split"]
            said = (
                f"has {method!r}, whose teacher learned on the split {own!r} of experiments.{taught}, but this one has "
            )
            yield Fault(path, f"{said}{split!r}: the teacher may have seen its test cases. Give both the same split.")
