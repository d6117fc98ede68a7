"""What IAM allows for a service or job, by placement: phrases of what on which resource."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from orchestrators.ecs.roles import execution_policy
from orchestrators.eks.rights import pull_images, read_metrics, read_secrets, write_logs
from settings import Placement
from workload.model import Job, Service


def ecs(secrets: frozenset[str]) -> frozenset[str]:
    """Of the unit's own execution role; its code has a role without any right."""
    policy = execution_policy(
        repositories=["its images"], log_group="its log", secrets=sorted(secrets), keys=["the secrets' key"], region=""
    )
    return _phrases(policy["Statement"])


def eks(unit: Service | Job, placement: Placement, secrets: frozenset[str]) -> frozenset[str]:
    """Of the roles that the cluster has for all pods; the code in them has none."""
    statements = [write_logs(["the log of all pods"])]
    if any(container.secrets for container in unit.containers):
        statements += read_secrets(sorted(secrets), ["the secrets' key"])
    if isinstance(unit, Service) and unit.scaling and (unit.scaling.requests or unit.scaling.queue):
        statements.append(read_metrics())
    return _phrases(statements) | {f"{pull_images(placement.compute)} on all images"}


def _phrases(statements: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    allowed: dict[str, set[str]] = defaultdict(set)
    for statement in statements:
        for resource in _list(statement["Resource"]):
            allowed["anything" if resource == "*" else resource.removesuffix(":*")].update(_list(statement["Action"]))
    return frozenset(f"{' and '.join(sorted(actions))} on {resource}" for resource, actions in allowed.items())


def _list(value: Any) -> list[str]:  # noqa: ANN401 (a JSON value)
    return value if isinstance(value, list) else [value]
