"""The plan: what a recording says about one stack, as one object with stable keys (docs/plan.md)."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from orchestrators.eks.hidden import hidden_children
from planning.exposure import public
from planning.permissions import statements
from planning.reach import connections
from planning.resources import Recording
from planning.sizes import sizes
from policy.catalogue import RULES
from policy.rule import violations
from settings import Settings
from workload import Workload


def plan(recording: Recording, settings: Settings, workload: Workload) -> dict[str, Any]:
    """The plan as JSON values, each list in order of the resources' URNs."""
    resources = recording.resources
    return {
        "project": settings.project,
        "stack": settings.stack,
        "region": settings.region,
        "placements": [placement.key for placement in settings.placements],
        "refusals": [],
        "warnings": list(_warnings(recording, settings)),
        "plain_http": list(plain_http(recording)),
        "counts": dict(sorted(Counter(resource.type for resource in resources).items())),
        "resources": [
            {
                "urn": resource.urn,
                "type": resource.type,
                "name": resource.name,
                "parent": resource.parent,
                "component": not resource.custom,
                "protect": resource.protect,
                "ignore_changes": list(resource.ignore_changes),
            }
            for resource in resources
        ],
        "sizes": list(sizes(workload, settings)),
        "public": [asdict(found) for found in public(recording)],
        "connections": [asdict(found) for found in connections(recording)],
        "permissions": [asdict(statement) for statement in statements(recording)],
        "protected": [
            {"name": resource.name, "type": resource.type}
            for resource in resources
            if resource.protect and resource.custom
        ],
        "ledger": list(recording.exports.get("ledger", ())),
        "hidden": [
            {"inside": resource.name, "type": child.type, "name": f"{resource.name}-{child.suffix}", "why": child.why}
            for resource in resources
            for child in hidden_children(resource.type)
        ],
        "exports": dict(sorted(recording.exports.items())),
    }


def refused(reasons: tuple[str, ...], *, project: str, stack: str) -> dict[str, Any]:
    """The plan of a stack that is refused: why, and nothing else."""
    return {"project": project, "stack": stack, "refusals": list(reasons)}


def plain_http(recording: Recording) -> Iterator[str]:
    """The listeners that answer over plain HTTP instead of redirecting to HTTPS."""
    for listener in recording.of("aws:lb/listener:Listener"):
        answers = {action.get("type") for action in listener.inputs.get("defaultActions", ())} != {"redirect"}
        if listener.inputs.get("protocol") == "HTTP" and answers:
            yield listener.name


def _warnings(recording: Recording, settings: Settings) -> Iterator[str]:
    yield from recording.warnings
    if not settings.alerts.to:
        yield "alerts.to is empty: alarms will be raised and mailed to nobody"
    for resource in recording.resources:
        broken = violations(RULES, resource.type, resource.name, resource.inputs)
        yield from (str(violation) for violation in broken if not violation.advisory)
    owned = {(entry["resource"], _snake(entry["field"])) for entry in recording.exports.get("ledger", ())}
    for resource in recording.resources:
        for field in resource.ignore_changes:
            if (resource.name, _snake(field)) not in owned:
                yield f"{resource.name} ignores changes of {field}, and the ledger names no owner"


def _snake(field: str) -> str:
    """One spelling: the SDK hands `allocated_storage` on as `allocatedStorage`, and takes either."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field).lower()
