"""How a new version replaces the old one, in the shape of ECS's API."""

import math

from foundation.routing import deregistration
from orchestrators.documents import Document
from settings import EcsSettings
from workload.model import Service, Update

LINEAR_PERCENT, LINEAR_MINUTES = 10.0, 6
CANARY_PERCENT, CANARY_MINUTES = 5.0, 10
"""Steps and waits (AWS: LinearConfiguration and CanaryConfiguration, Amazon ECS API reference, the defaults there)."""


_PATIENCE = 1800
_START = 120
"""Seconds for an image, a network interface and the load balancer's first checks."""


def shifts(service: Service, settings: EcsSettings) -> bool:
    """Whether its requests are moved from version to version; what has no ingress has no requests that ECS could move,
    so it is replaced task by task.
    """
    return settings.deployment != "rolling" and service.ingress is not None


def deployment(service: Service, settings: EcsSettings) -> Document:
    """`deploymentConfiguration` without its alarms. The circuit breaker is of rolling updates alone, as AWS has it."""
    if not shifts(service, settings):
        return rolling_update(service)
    document: Document = {
        "strategy": settings.deployment.upper(),
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "bakeTimeInMinutes": settings.bake_minutes,
    }
    if settings.deployment == "linear":
        document["linearConfiguration"] = {
            "stepPercent": LINEAR_PERCENT,
            "stepBakeTimeInMinutes": LINEAR_MINUTES,
        }
    if settings.deployment == "canary":
        document["canaryConfiguration"] = {
            "canaryPercent": CANARY_PERCENT,
            "canaryBakeTimeInMinutes": CANARY_MINUTES,
        }
    return document


def shifting_minutes(service: Service, settings: EcsSettings) -> int:
    """For how long a deployment waits on purpose."""
    if not shifts(service, settings):
        return 0
    steps = {"linear": LINEAR_MINUTES * round(100 / LINEAR_PERCENT), "canary": CANARY_MINUTES}
    return steps.get(settings.deployment, 0) + settings.bake_minutes


def rollout_seconds(service: Service, settings: EcsSettings) -> int:
    """After which a deployment that is not done has failed: half an hour, and what its steps take of themselves."""
    if shifts(service, settings):
        return _PATIENCE + _step(service) + 60 * shifting_minutes(service, settings)
    most = max(1, service.scaling.max if service.scaling else service.replicas)
    percent = rolling_update(service)
    share = int(max(percent["maximumPercent"] - 100, 100 - percent["minimumHealthyPercent"]))
    return _PATIENCE + _step(service) * math.ceil(most / max(1, most * share // 100))


def _step(service: Service) -> int:
    """Seconds until a task is there and healthy, and the one that it replaces is gone."""
    check = service.container.healthcheck
    gone = deregistration(service) + math.ceil(service.container.stop_grace_period)
    return _START + math.ceil(check.start_period if check else 0) + gone


def rolling_update(service: Service) -> Document:
    """`deploy.update_config` in percent of the running tasks.

    The percentages are those of the fewest tasks that the service may have: ECS rounds the upper limit down and the
    lower one up, so that percentages of more tasks could leave no room to replace one of few.
    """
    update: Update = service.update
    fewest = max(1, service.scaling.min if service.scaling else service.replicas)
    share = 100 if update.parallelism == 0 else min(100, math.ceil(100 * update.parallelism / fewest))
    start_first = update.order == "start-first"
    return {
        "strategy": "ROLLING",
        "maximumPercent": 100 + share if start_first else 100,
        "minimumHealthyPercent": 100 if start_first else 100 - share,
        "deploymentCircuitBreaker": {
            "enable": update.failure_action != "continue",
            "rollback": update.failure_action == "rollback",
        },
    }
