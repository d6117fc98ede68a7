"""The pure rendering of a workload for ECS: importing it imports neither pulumi nor boto3."""

from collections.abc import Collection

from foundation.names import Names
from orchestrators.capabilities import ECS, elsewhere, refusals
from orchestrators.documents import Document, canonical, fill
from orchestrators.ecs.links import Links
from orchestrators.ecs.order import order
from orchestrators.ecs.task_definition import task_definition
from settings import Placement
from workload.errors import DescriptionError, Problem
from workload.model import Workload

LARGEST = 64 * 1024
"""Bytes of a task definition (AWS: Amazon ECS service quotas)."""


def render(
    workload: Workload, placement: Placement, names: Names, managed: Collection[str] = ()
) -> dict[str, Document]:
    """The task definition of every service and job that runs here, under its name; `managed` services run elsewhere.

    References that stay: `image.<container>`, `role.<unit>.execution`, `role.<unit>.task`, `secret.<secret>` (its ARN),
    `secret.<secret>.version`, `region`, and `<service>.host|port|scheme|sslmode` of managed services.

    Raises:
        DescriptionError: the placement cannot carry the workload; every reason at once.
    """
    refused = refusals(workload, placement, managed)
    problems = [refusal.problem for refusal in refused]
    links = Links(workload, names, managed)
    documents: dict[str, Document] = {}
    try:
        order(links, placement.compute)
    except DescriptionError as error:
        problems += error.problems
    for name, unit in workload.units.items():
        if name in managed or any(refusal.unit == name for refusal in refused):
            continue
        try:
            documents[name] = task_definition(unit, placement, links)
        except DescriptionError as error:
            problems += error.problems
            continue
        size = len(canonical(fill(documents[name], lambda ref: ref.path)).encode())
        if size > LARGEST:
            message = (
                f"{name} becomes a task definition of {size} bytes, and ECS takes {LARGEST}. Shorten its environment"
                f"{elsewhere(workload, placement, managed, lacking=ECS)}."
            )
            problems.append(Problem(unit.container.at, message))
    if problems:
        raise DescriptionError(problems)
    return documents
