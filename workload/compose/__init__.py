"""Compose files as Compose reads them: several files, one canonical tree that knows where everything was written.

This is the Compose Specification and nothing of Switchyard; `workload.reader` makes the checked workload of it.
"""

from workload.compose.finish import plain
from workload.compose.project import Project, load

__all__ = ["Project", "load", "plain"]
