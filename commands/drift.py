"""`switchyard drift`: what the cloud has that the program did not ask for, apart from what others own."""

import argparse
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent, StepEventMetadata

from commands import stacks
from live.base import LiveError
from live.find import refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """`field` of `resource` is no longer what the last `up` left. `field` is empty when the resource is gone."""

    resource: str
    field: str
    before: Any
    now: Any
    owner: str = ""
    """Whom the ledger names for the field; nobody for real drift."""

    def __str__(self) -> str:
        if not self.field:
            return f"{self.resource} is gone"
        change = f"{self.resource}.{self.field}: {json.dumps(self.before)} -> {json.dumps(self.now)}"
        return f"{change} ({self.owner})" if self.owner else change


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", default="dev", help="the stack that is up (default: dev)")


def run(arguments: argparse.Namespace) -> int:
    """0 when only what others own has changed, 1 when there is real drift."""
    stacks.read(arguments.stack)  # no other is asked of Pulumi
    if shutil.which("pulumi") is None:
        raise LiveError("the Pulumi CLI is not on PATH, and only it can refresh: install it as its documentation says")
    events: list[EngineEvent] = []
    try:
        stack = automation.Stack.select(arguments.stack, _Workspace(work_dir=str(stacks.ROOT)))
        stack.preview_refresh(on_event=events.append)
        ledger = stack.outputs()["ledger"].value
    except automation.CommandError as error:
        raise refused(arguments.stack, str(error).rpartition("stderr: ")[2]) from None
    except KeyError:
        raise LiveError(f"stack {arguments.stack} was never whole:\n    pulumi up --stack {arguments.stack}") from None
    found = list(drifts((event.res_outputs_event.metadata for event in events if event.res_outputs_event), ledger))
    real, delegated = [d for d in found if not d.owner], [d for d in found if d.owner]
    for title, listed in (("Drift", real), ("Others' fields, changed by their owners", delegated)):
        print("\n".join([title, *(f"  {drift}" for drift in listed)]) if listed else f"{title}\n  nothing")
    if real:
        print(f"Repair: pulumi up --refresh --stack {arguments.stack} sets it back; pulumi refresh accepts it.")
    return 1 if real else 0


class _Workspace(automation.LocalWorkspace):
    """Every command names its stack: which one is selected on this machine stays as it is."""

    def select_stack(self, stack_name: str) -> None:
        pass


def drifts(steps: Iterable[StepEventMetadata], ledger: Sequence[Mapping[str, Any]]) -> Iterator[Drift]:
    """What a refresh found, by the exported ledger divided into owners' changes and real drift: what an `up` carries
    out for its owner nobody changes elsewhere.
    """
    owners = {(owned["resource"], _camel(owned["field"])): owned["owner"] for owned in ledger if not owned["applies"]}
    for step in steps:
        if step.old is None or not step.old.custom:
            continue
        name = step.urn.rpartition("::")[2]
        if step.new is None or step.op is automation.OpType.DELETE:
            yield Drift(resource=name, field="", before=None, now=None)
            continue
        for field, before, now in _changes(step.old.outputs, step.new.outputs):
            owner = owners.get((name, field), "")
            yield Drift(resource=name, field=field, before=before, now=now, owner=owner)


def _changes(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 (JSON)
    """Path, old and new value wherever the two differ, down the objects but not into lists."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _changes(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield path, old, new


def _camel(field: str) -> str:
    """As the engine spells it: the ledger may say `allocated_storage`."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), field)
