"""What resources that wait for the truth share, on both orchestrators.

Pulumi writes a dynamic provider's pickle into the state, so a provider holds nothing; what it does is in a module of
its own, imported when it is done. What fails to create is tried again by the next `up`, until it is true.
"""

from typing import Any, ClassVar

from pulumi.dynamic import DiffResult, ResourceProvider


class Wait(ResourceProvider):
    """Waits anew when one of the inputs `asked` is another, and for nothing else."""

    serialize_as_secret_always = False
    asked: ClassVar[tuple[str, ...]] = ()

    def diff(self, _id: str, old: dict[str, Any], new: dict[str, Any]) -> DiffResult:
        changed = [key for key in self.asked if old.get(key) != new.get(key)]
        return DiffResult(changes=bool(changed), replaces=changed)


def client(service: str, region: str) -> Any:  # noqa: ANN401 - a boto3 client
    import boto3  # noqa: PLC0415 - the program itself needs no boto3

    return boto3.Session(region_name=region).client(service)
