"""One stack: its settings and its workload, read and checked together before anything is provisioned."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import settings as stack_settings
import workload as description
from alerting.tuning import problems as alarm_problems
from alerting.tuning import unknown
from foundation.check import problems as foundation_problems
from foundation.names import Names
from orchestrators import capabilities, registry
from settings import Placement, Settings, SettingsError
from workload import Workload
from workload.errors import DescriptionError


class RefusedError(Exception):
    """A stack that cannot be provisioned as it is asked for; `reasons` are all of them."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(dict.fromkeys(reasons))
        super().__init__("\n".join(self.reasons))


class Stack(NamedTuple):
    """What one `up` works on."""

    settings: Settings
    workload: Workload


def open_stack(config: Mapping[str, object], *, project: str, stack: str, root: Path) -> Stack:
    """The stack with this config, its compose files found from `root`. Raises RefusedError with every reason."""
    settings, workload = describe(config, project=project, stack=stack, root=root)
    if reasons := [*refusals(settings, workload)]:
        raise RefusedError(reasons)
    return Stack(settings, workload)


def describe(config: Mapping[str, object], *, project: str, stack: str, root: Path) -> Stack:
    """As `open_stack`, whether or not the settings and the workload go together."""
    try:
        settings = stack_settings.load(config, project=project, stack=stack)
        workload = description.read([_named(root / file) for file in settings.workload], profiles=settings.profiles)
    except (SettingsError, DescriptionError) as error:
        raise RefusedError([str(problem) for problem in error.problems]) from None
    return Stack(settings, workload)


def current() -> Stack:
    """The stack that Pulumi runs this program for. Raises pulumi.RunError, which ends `up` without a traceback."""
    import pulumi  # noqa: PLC0415 (`render` opens stacks without it)
    from pulumi.runtime.config import CONFIG  # noqa: PLC0415 (as above)

    try:
        root = Path(pulumi.get_root_directory())
        return open_stack(CONFIG.get(), project=pulumi.get_project(), stack=pulumi.get_stack(), root=root)
    except RefusedError as refused:
        raise pulumi.RunError(str(refused)) from refused


def _named(file: Path) -> Path:
    """The file as a person here would name it, so that messages stay short."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def refusals(settings: Settings, workload: Workload) -> Iterator[str]:
    """Why the settings and the workload do not go together, each reason with its repair."""
    yield from map(str, foundation_problems(workload, settings))
    yield from map(str, alarm_problems(workload))
    yield from unknown(settings.alerts.rules)
    yield from _plain_http(settings, workload)
    for placement in settings.placements:
        computes = registry.ORCHESTRATORS[placement.orchestrator].computes
        if placement.compute not in computes:
            yield f"compute: {placement.orchestrator} runs on {', '.join(computes)}, not on {placement.compute} yet"
            continue
        lacking = capabilities.refusals(workload, placement, settings.managed)
        yield from map(str, lacking)
        if not lacking:
            yield from map(str, registry.problems(workload, settings, placement))
            yield from _unrenderable(settings, workload, placement)


def _plain_http(settings: Settings, workload: Workload) -> Iterator[str]:
    public = [service.name for service in workload.services.values() if service.ingress]
    if public and not settings.edge.encrypted and not settings.edge.http:
        yield (
            f"edge: {', '.join(public)} would answer the internet with neither a certificate nor `http: true`\n"
            f"    pulumi config set --path edge.certificate_arn ARN --stack {settings.stack}\n"
            f"    or, for plain HTTP, pulumi config set --path edge.http true --stack {settings.stack}"
        )


def _unrenderable(settings: Settings, workload: Workload, placement: Placement) -> Iterator[str]:
    names = Names(settings.project, settings.stack)
    try:
        registry.render(placement)(workload, placement, names, settings.managed)
    except DescriptionError as error:
        yield from map(str, error.problems)
