"""What an `up` or a preview did, in words that tests compare."""

from pulumi.automation import Stack

from tests.engine.project import Project, resources
from tests.engine.standin.endpoint import MACHINE

_QUIET = {"same", "read", "refresh"}


def touched(stack: Stack) -> set[str]:
    """What a preview would touch: `update api (aws:ecs/service:Service)`; no components, providers and stack."""
    found = set()

    def note(event):
        if (data := event.resource_pre_event) is None:
            return
        metadata = data.metadata
        component = metadata.type.startswith(("switchyard:", "pulumi:"))
        if metadata.op.value not in _QUIET and not component:
            found.add(f"{metadata.op.value} {metadata.urn.rpartition('::')[2]} ({metadata.type})")

    stack.preview(on_event=note)
    return found


def lost(account: Project, *stacks: Stack) -> set[str]:
    """Objects that no state knows, and entries of a state that the account does not have."""
    here = {f"{found.urn} {found.id}" for found in account.cloud.objects() if found.type != MACHINE}
    known = {
        f"{resource['urn']} {resource['id']}"
        for stack in stacks
        for resource in resources(stack.export_stack())
        if resource.get("custom") and not resource["type"].startswith(("pulumi:", "pulumi-python:"))
    }
    return here ^ known
