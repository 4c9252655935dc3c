"""What changed between two results, question by question."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eval.metrics.intervals import Difference, difference
from eval.result import Result, better

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one system in two runs, on the questions that both asked."""

    group: str
    system: str
    metric: str
    difference: Difference

    @property
    def verdict(self) -> str:
        """`better`, `worse` or `same`: significant at 5 %, and in which direction."""
        if not self.difference.p < SIGNIFICANT or better(self.metric) == "neither":
            return "same"
        gained = self.difference.change > 0
        return "better" if gained == (better(self.metric) == "higher") else "worse"


def changes(a: Result, b: Result) -> Iterator[Change]:
    """Every metric that both results have for a system, with its test."""
    for group, of_group in a["scores"].items():
        for system, of_system in of_group.items():
            others: Mapping = b["scores"].get(group, {}).get(system, {})
            for metric, by_id in of_system.items():
                if metric in others:
                    found = difference(by_id, others[metric])
                    if found.n:
                        yield Change(group, system, metric, found)


def what_differs(a: Result, b: Result) -> list[tuple[str, str, str]]:
    """The settings, models, packages and machine parts that differ: (name, in A, in B)."""
    before, after = _flat(a["made_by"]), _flat(b["made_by"])
    ignored = {"date", "command", "machine.load"}
    return [
        (name, before.get(name, "-"), after.get(name, "-"))
        for name in sorted(before.keys() | after.keys())
        if name not in ignored and before.get(name) != after.get(name)
    ]


def _flat(values: Mapping, prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = str(value)
    return flat
