"""What rendered documents say about a unit, in one shape for every orchestrator."""

from dataclasses import dataclass

MIB = 1024 * 1024
UNITS = {"Ki": 1024, "Mi": MIB, "Gi": 1024 * MIB}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Of the unit's own container. `variables` are the names in its environment, `secrets` the names of its secrets."""

    ports: frozenset[int]
    variables: frozenset[str]
    literals: frozenset[tuple[str, str]]
    secrets: frozenset[str]
    health: tuple[str, ...]
    cpus: float
    memory: int


def described(unit, text):
    """What the description says; `text` fills its texts."""
    container = unit.container
    return Facts(
        ports=frozenset(container.listens),
        variables=frozenset(map(_plain, container.environment)),
        literals=frozenset((k, text(v)) for k, v in container.environment.items() if not k.endswith("_FILE")),
        secrets=frozenset(grant.source for grant in container.secrets),
        health=tuple(map(text, container.healthcheck.test)) if container.healthcheck else (),
        cpus=container.resources.cpus,
        memory=container.resources.memory,
    )


def ecs(rendered, unit):
    container = rendered[unit]["containerDefinitions"][0]
    health = container.get("healthCheck", {}).get("command", ["CMD"])
    given = {entry["name"]: entry["value"] for entry in container["environment"]}
    return Facts(
        ports=frozenset(mapping["containerPort"] for mapping in container["portMappings"]),
        variables=frozenset(given) | {secret["name"] for secret in container["secrets"]},
        literals=frozenset(given.items()),
        secrets=frozenset(secret["valueFrom"].rpartition(".")[2].rstrip(":>") for secret in container["secrets"]),
        health=tuple(health[1:]),
        cpus=container["cpu"] / 1024,
        memory=container["memoryReservation"] * MIB,
    )


def eks(rendered, unit):
    (pod,) = [
        document["spec"]["template"]["spec"]
        for document in rendered.core
        if document["kind"] in ("Deployment", "StatefulSet", "Job")
        and document["metadata"]["labels"]["app.kubernetes.io/name"] == unit
    ]
    container = pod["containers"][0]
    limits = container["resources"]["limits"]
    given = {entry["name"]: entry["value"] for entry in container.get("env", ())}
    paths = (mount["mountPath"] for mount in container["volumeMounts"])
    return Facts(
        ports=frozenset(port["containerPort"] for port in container.get("ports", ())),
        variables=frozenset(map(_plain, given)),
        literals=frozenset((key, value) for key, value in given.items() if not key.endswith("_FILE")),
        secrets=frozenset(path.rpartition("/")[2] for path in paths if path.startswith("/run/secrets/")),
        health=tuple(container.get("readinessProbe", {}).get("exec", {}).get("command", ())),
        cpus=_cpus(limits["cpu"]),
        memory=int(limits["memory"][:-2]) * UNITS[limits["memory"][-2:]],
    )


def toy(rendered, unit):
    document = rendered[unit]
    return Facts(
        ports=frozenset(document["ports"]),
        variables=frozenset(map(_plain, document["environment"])),
        literals=frozenset((k, v) for k, v in document["environment"].items() if not k.endswith("_FILE")),
        secrets=frozenset(document["secrets"]),
        health=tuple(document["health"]),
        cpus=document["cpus"],
        memory=document["memory"],
    )


OF = {"ecs": ecs, "eks": eks, "toy": toy}


def _plain(variable):
    """`DB_PASSWORD` of `DB_PASSWORD_FILE`: ECS gives the value where others give the file."""
    return variable.removesuffix("_FILE")


def _cpus(quantity):
    return int(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)
