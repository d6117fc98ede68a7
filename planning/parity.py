"""How the two orchestrators differ for one workload on one kind of machine: same, different (how), impossible (why)."""

import textwrap
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from foundation.names import Names
from orchestrators import capabilities
from planning import promises
from settings import Compute, Orchestrator, Placement, SiteSettings
from workload.errors import DescriptionError
from workload.model import Workload

WIDTH, INDENT = 80, 13
Verdict = Literal["same", "different", "impossible"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One promise of one service or job; `how` says what differs, or why it is impossible."""

    unit: str
    promise: str
    verdict: Verdict
    how: str = ""


def parity(
    workload: Workload, compute: Compute, names: Names, managed: Collection[str] = (), site: SiteSettings | None = None
) -> list[Row]:
    """Every promise in order of the description. What one side cannot carry is left out on both before the rest is
    compared, so that one refusal hides nothing else.
    """
    placements = [Placement(orchestrator=orchestrator, compute=compute) for orchestrator in Orchestrator]
    rows = list(_impossible(workload, placements, managed))
    left_out = {row.unit for row in rows}
    if not left_out <= set(workload.units):
        return rows
    rest = replace(workload, jobs={name: job for name, job in workload.jobs.items() if name not in left_out})
    missing = {*managed, *(left_out & set(workload.services))}
    try:
        one = promises.ecs(rest, placements[0], names, missing)
        other = promises.eks(rest, placements[1], names, missing, site or SiteSettings())
    except DescriptionError as error:
        return rows + [
            Row(unit=workload.name, promise="rendering", verdict="impossible", how=str(problem))
            for problem in error.problems
        ]
    order = list(workload.units)
    rows += [row for unit in one for row in _compared(unit, one[unit], other[unit])]
    return sorted(rows, key=lambda row: order.index(row.unit))


def _impossible(workload: Workload, placements: Collection[Placement], managed: Collection[str]) -> Iterator[Row]:
    for placement in placements:
        for refusal in capabilities.refusals(workload, placement, managed):
            how = f"{placement.orchestrator}: {refusal.need.what}, but {refusal.reason}"
            yield Row(unit=refusal.unit, promise=refusal.capability, verdict="impossible", how=how)


def _compared(unit: str, ecs: promises.Promises, eks: promises.Promises) -> Iterator[Row]:
    for promise, said in ecs.items():
        if said == eks[promise]:
            yield Row(unit=unit, promise=promise, verdict="same")
        else:
            how = f"ecs: {_phrases(said - eks[promise])}; eks: {_phrases(eks[promise] - said)}"
            yield Row(unit=unit, promise=promise, verdict="different", how=how)


def _phrases(said: frozenset[str]) -> str:
    return ", ".join(sorted(said)) or "nothing of that"


def text(rows: Iterable[Row]) -> str:
    """The table in 80 columns, under each service and job what is the same in one line, then what is not."""
    units: dict[str, list[Row]] = {}
    for row in rows:
        units.setdefault(row.unit, []).append(row)
    lines: list[str] = []
    for unit, found in units.items():
        lines.append(unit)
        if same := [row.promise for row in found if row.verdict == "same"]:
            lines += _entry("same", ", ".join(same))
        for row in found:
            if row.verdict != "same":
                lines += _entry(row.verdict, f"{row.promise} ({row.how})")
    return "\n".join(lines)


def _entry(verdict: str, said: str) -> list[str]:
    return textwrap.wrap(
        said, WIDTH, initial_indent=f"  {verdict:<{INDENT - 2}}", subsequent_indent=" " * INDENT, break_on_hyphens=False
    )
