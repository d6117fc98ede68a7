"""Named volumes whose loss would be a loss: each stays on the one machine that keeps it."""

from collections.abc import Collection

from orchestrators.ecs.container_definition import volume_name
from workload.model import Job, Service, Workload


def kept_volumes(unit: Service | Job) -> tuple[str, ...]:
    """The names of the unit's volumes that outlive its tasks, sorted."""
    if isinstance(unit, Job) or not unit.stateful:
        return ()
    mounts = ((container, mount) for container in unit.containers for mount in container.volumes)
    return tuple(sorted({volume_name(c, mount) for c, mount in mounts if mount.type == "volume" and mount.source}))


def site_volumes(workload: Workload, managed: Collection[str]) -> tuple[str, ...]:
    """Every volume of the workload that some machine of the site has to keep, sorted."""
    here = (unit for name, unit in workload.units.items() if name not in managed)
    return tuple(sorted({volume for unit in here for volume in kept_volumes(unit)}))
