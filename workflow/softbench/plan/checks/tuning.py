"""Do experiments with methods whose settings are chosen give each the same number of tries, with seeds of their own."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from softbench.plan.checks.experiments import Facts
from softbench.plan.places import Fault


def faults(facts: Facts) -> Iterator[Fault]:
    """Yield what is unfair or biased in how experiments choose settings."""
    for name in facts.plan.experiments:
        yield from _counts(name, facts)
        yield from _seeds(name, facts)
        yield from _idle(name, facts)
        yield from _baselines(name, facts)


def _counts(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield methods of an experiment that try more or fewer settings than most others: more tries, better best."""
    counts = {method: len(facts.plan.tried[method]) for method in facts.plan.tuned_in(name)}
    if len(set(counts.values())) < 2:
        return
    usual = Counter(counts.values()).most_common(1)[0][0]
    for method, count in counts.items():
        if count != usual:
            like = next(other for other, their in counts.items() if their == usual)
            said = (
                f"tries {count} settings, but {like!r} in experiments.{name} tries {usual}: more tries find a better "
            )
            yield Fault(("methods", method, "tune"), f"{said}one by chance. Give all tuned methods the same number.")


def _seeds(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield seeds that choose and are reported: networks that were chosen for their luck would be reported as well."""
    if not facts.plan.tuned_in(name):
        return
    both = sorted({*facts.plan.seeds_of(name)} & {*facts.plan.tuning_of(name)["seeds"]})
    if both:
        said = f"holds {both[0]}, a seed of the experiment, too: its networks would be chosen for their luck on "
        way = "validation cases and then reported. Give other seeds, e.g. [1000, 1001]."
        yield Fault(facts.path(name, "tuning", "seeds"), said + way)


def _idle(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield `tuning` of an experiment in which nothing is chosen."""
    if "tuning" in facts.plan.experiments[name] and not facts.plan.tuned_in(name):
        said = "decides nothing: no method of the experiment has `tune`. Leave it out, or name methods that have."
        yield Fault(facts.path(name, "tuning"), said)


def _baselines(name: str, facts: Facts) -> Iterator[Fault]:
    """Yield an experiment of tuned methods without a one-hot that is tuned as well, or without one that is not."""
    plan, tuned = facts.plan, facts.plan.tuned_in(name)
    if not tuned:
        return
    plain = [method for method in plan.methods_of(name) if _is_one_hot(plan.methods[method], plan.soft_labels)]
    for what, found in (("tuned", set(plain) & set(tuned)), ("untuned", set(plain) - set(tuned))):
        if not found:
            said = f"has tuned methods, but no {what} one-hot trained by cross-entropy, which they must beat. Add one, "
            yield Fault(facts.path(name, "methods"), f"{said}e.g. {'one_hot_tuned' if what == 'tuned' else 'one_hot'}.")


def _is_one_hot(method: Mapping[str, Any], soft_labels: Mapping[str, Mapping[str, Any]]) -> bool:
    is_trained = method["sanity"] is None
    return is_trained and method["loss"] == "ce" and soft_labels[method["soft_label"]]["recipe"] == "one_hot"
