"""Clients of a managed database that are told to verify its certificate, and seem to know no authority for it."""

from collections.abc import Collection, Iterator

from workload.model import Container, Workload

_AUTHORITY = "SSLROOTCERT"  # libpq's PGSSLROOTCERT and its `sslrootcert` parameter


def distrusted(workload: Workload, managed: Collection[str]) -> Iterator[str]:
    """A warning for each: RDS's authority is in no system's store, and `verify-full` fails without it (AWS: "Using
    SSL/TLS to encrypt a connection to a DB instance", Amazon RDS user guide). A database driver may have its own way to
    name it, so nothing is refused.
    """
    for unit_name, unit in workload.units.items():
        if unit_name in managed:
            continue
        for container in unit.containers:
            for service in sorted(_verified(container) & {*managed}):
                if not _names_authority(container):
                    yield (
                        f"{container.at}: {container.name} connects to {service} with sslmode=verify-full, and neither "
                        "its environment nor its Dockerfile has PGSSLROOTCERT: put RDS's certificates into the image "
                        "(https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem) and name their path there"
                    )


def _verified(container: Container) -> set[str]:
    texts = (*container.environment.values(), *(container.command or ()), *(container.entrypoint or ()))
    refs = (ref.path.rpartition(".") for text in texts for ref in text.refs())
    return {service for service, _, part in refs if part == "sslmode"}


def _names_authority(container: Container) -> bool:
    written = " ".join([*container.environment, *map(str, container.environment.values())]).upper()
    if _AUTHORITY in written or not container.build:
        return _AUTHORITY in written
    dockerfile = container.build.context / container.build.dockerfile
    return dockerfile.is_file() and _AUTHORITY in dockerfile.read_text(encoding="utf-8", errors="replace").upper()
