"""One stack: its settings and its workload, read and checked together before anything is provisioned."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn, cast

import settings as stack_settings
import workload as description
from alerting.tuning import problems as alarm_problems
from alerting.tuning import unknown
from foundation.check import problems as foundation_problems
from foundation.names import Names
from orchestrators import capabilities, registry
from settings import Placement, Settings
from stackconfig import WrongInputError, judged
from workload import Workload
from workload.errors import DescriptionError, Problem


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
    found, reasons = _read(config, project, stack, root)
    if reasons := [*reasons, *refusals(*found)]:
        raise RefusedError(reasons)
    return found


def describe(config: Mapping[str, object], *, project: str, stack: str, root: Path) -> Stack:
    """As `open_stack`, whether or not the settings and the workload go together."""
    found, reasons = _read(config, project, stack, root)
    if reasons:
        raise RefusedError(reasons)
    return found


def _read(config: Mapping[str, object], project: str, stack: str, root: Path) -> tuple[Stack, list[str]]:
    """What can be read, and what is wrong in itself."""
    settings, invalid = stack_settings.read(config, project=project, stack=stack)
    reasons, workload = [str(each) for each in invalid], cast("Workload", _Unread())
    try:
        workload = description.read([_named(root / file) for file in settings.workload], profiles=settings.profiles)
    except WrongInputError:
        pass
    except DescriptionError as error:
        reasons += [str(problem) for problem in error.problems]
        workload = error.workload or workload
    return Stack(settings, workload), reasons


class _Unread:
    """Stands for a description that cannot be read."""

    def __getattr__(self, name: str) -> NoReturn:
        raise WrongInputError(name)


def current() -> Stack:
    """The stack that Pulumi runs this program for. Raises pulumi.RunError with every reason against it, those that AWS
    alone knows included, which ends `up` without a traceback and before any resource.
    """
    import pulumi  # noqa: PLC0415 (`render` opens stacks without it)
    from pulumi.runtime.config import CONFIG  # noqa: PLC0415 (as above)

    from foundation.location import problems as location_problems  # noqa: PLC0415 (as above)

    root = Path(pulumi.get_root_directory())
    found, reasons = _read(CONFIG.get(), pulumi.get_project(), pulumi.get_stack(), root)
    reasons += refusals(*found)
    try:
        reasons += judged(location_problems, found.settings)
    except Exception as error:  # noqa: BLE001 (the SDK has no other for a question that was not answered)
        reasons = reasons or [f"AWS did not say where the network may stand: {error}"]
    if reasons:
        refused = RefusedError(reasons)
        raise pulumi.RunError(str(refused)) from refused
    return found


def _named(file: Path) -> Path:
    """The file as a person here would name it, so that messages stay short."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def refusals(settings: Settings, workload: Workload) -> Iterator[str]:
    """Why the settings and the workload do not go together, each reason with its repair. What is wrong in either of
    them hides nothing of the rest.
    """
    for check in _CHECKS:
        yield from map(str, judged(check, workload, settings))
    for placement in judged(lambda: settings.placements):
        for placed in _PLACED:
            yield from map(str, judged(placed, workload, settings, placement))


def _plain_http(workload: Workload, settings: Settings) -> Iterator[str]:
    public = [service.name for service in workload.services.values() if service.ingress]
    if public and not settings.edge.encrypted and not settings.edge.http:
        yield (
            f"edge: {', '.join(public)} would answer the internet with neither a certificate nor `http: true`\n"
            f"    pulumi config set --path edge.certificate_arn ARN --stack {settings.stack}\n"
            f"    or, for plain HTTP, pulumi config set --path edge.http true --stack {settings.stack}"
        )


def _unrenderable(workload: Workload, settings: Settings, placement: Placement) -> Iterable[Problem]:
    names = Names(settings.project, settings.stack)
    try:
        registry.render(placement)(workload, placement, names, settings.managed)
    except DescriptionError as error:
        return error.problems
    return ()


_CHECKS: tuple[Callable[[Workload, Settings], Iterable[object]], ...] = (
    foundation_problems,
    lambda workload, _: alarm_problems(workload),
    lambda _, settings: unknown(settings.alerts.rules),
    _plain_http,
)
_PLACED: tuple[Callable[[Workload, Settings, Placement], Iterable[object]], ...] = (
    lambda workload, settings, placement: capabilities.refusals(workload, placement, settings.managed),
    registry.problems,
    _unrenderable,
)
