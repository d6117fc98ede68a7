"""What a whole program registered for services and jobs, in one form for both orchestrators."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Container:
    """`drains` are the seconds in which it still answers once it has to go, `stop` those from the signal to the end."""

    image: str
    user: str
    read_only: bool
    dropped: tuple[str, ...]
    added: tuple[str, ...]
    reaps: bool
    health: tuple[tuple[str, ...], int, int, int] | None
    start: int
    stop: int


class Seen:
    """Of one recording; `of` finds resources by the end of their type and their name after the placement's."""

    def __init__(self, recording, placement):
        self.recording, self.placement = recording, placement

    def of(self, type_, name=""):
        return [r for r in self.recording.resources if r.type.endswith(type_) and name in ("", self.short(r))]

    def one(self, type_, name=""):
        (found,) = self.of(type_, name)
        return found

    def short(self, resource):
        return resource.name.removeprefix(f"{self.placement}-")

    def behind(self, resource):
        """The names of everything that stands before it, directly or through others."""
        known = {each.urn: each for each in self.recording.resources}
        ahead, found = list(resource.depends_on), {}
        while ahead:
            urn = ahead.pop()
            if urn not in found and urn in known:
                found[urn] = self.short(known[urn])
                ahead += known[urn].depends_on
        return set(found.values())

    @property
    def target_group(self):
        return self.one("lb/targetGroup:TargetGroup").inputs

    def log_groups(self):
        """The orchestrator's, by name; the network's own are not its."""
        groups = (each.inputs for each in self.of("cloudwatch/logGroup:LogGroup"))
        return {group["name"]: group for group in groups if self.placement in group["name"]}
