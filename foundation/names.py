"""Physical names, computed and never read back, so that anything may name what does not exist yet."""

import hashlib
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one stack. Two stacks of one account never share a name, as each starts with `<project>-<stack>`."""

    project: str
    stack: str

    @property
    def prefix(self) -> str:
        return f"{self.project}-{self.stack}"

    def of(self, *parts: str, limit: int = 63) -> str:
        """`<project>-<stack>-<parts...>` in lower case letters, digits and hyphens, at most `limit` characters.

        A name that had to be changed or cut ends in a hash of the whole, so that different parts stay different.
        """
        whole = "-".join((self.prefix, *parts))
        name = _plain(whole)
        if name == whole and len(name) <= limit:
            return name
        digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
        return f"{name[: limit - 9].rstrip('-')}-{digest}"

    def cluster(self, placement_key: str) -> str:
        """The cluster of one placement, named before it exists: target groups carry it as a tag."""
        return self.of(placement_key, limit=100)

    @property
    def namespace(self) -> str:
        """The Kubernetes namespace of the workload."""
        return self.of()

    def log_group(self, placement_key: str, unit: str) -> str:
        """`/<project>/<stack>/<placement>/<unit>`"""
        return f"/{self.project}/{self.stack}/{placement_key}/{unit}"

    def log_groups(self) -> tuple[str, ...]:
        """The log groups of all placements, `*` for any text: also those that EKS and Container Insights name."""
        return (self.log_group("*", "*"), f"/aws/*/{_plain(self.prefix)}-*")

    def secret(self, secret: str) -> str:
        """The Secrets Manager name of a workload secret: `<project>/<stack>/<secret>`."""
        return f"{self.project}/{self.stack}/{secret}"


def _plain(text: str) -> str:
    return re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9-]", "-", text.lower())).strip("-")
