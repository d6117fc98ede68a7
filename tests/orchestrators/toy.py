"""A third orchestrator in one file: what it takes to plug one in. It provisions one resource per service."""

import pulumi

from foundation.ledger import Owned, ignored
from foundation.signals import NODES, EventPattern, Metric, Missing, Signal
from orchestrators.base import RunningService
from orchestrators.documents import resolve


def render(workload, placement, names, managed=()):
    """One flat document per unit."""
    return {
        name: {
            "name": name,
            "ports": list(unit.container.listens),
            "environment": dict(unit.container.environment),
            "secrets": [grant.source for grant in unit.container.secrets],
            "health": list(unit.container.healthcheck.test) if getattr(unit.container, "healthcheck", None) else [],
            "cpus": unit.container.resources.cpus,
            "memory": unit.container.resources.memory,
        }
        for name, unit in workload.units.items()
        if name not in managed
    }


class Toy(pulumi.ComponentResource):
    def __init__(self, name, args, opts=None):
        super().__init__("switchyard:orchestrators:Toy", name, None, opts)
        endpoints = {
            f"{service}.{key}": getattr(endpoint, key)
            for service, endpoint in args.endpoints.items()
            for key in ("host", "port", "scheme", "sslmode")
        }
        local = {
            f"{service.name}.{key}": value
            for service in args.workload.services.values()
            for key, value in (("host", service.name), ("port", str(service.port)), ("scheme", "http"))
        }
        self.ledger = [Owned(resource=f"{name}-api", field="replicas", owner="the toy", why="it plays with them")]
        made = {}
        for unit, document in render(args.workload, args.placement, args.names, tuple(args.endpoints)).items():
            made[unit] = pulumi.CustomResource(
                "toy:index:Service",
                f"{name}-{unit}",
                {"document": resolve(document, {**local, **endpoints}), "replicas": 1},
                pulumi.ResourceOptions(parent=self, ignore_changes=ignored(self.ledger, f"{name}-{unit}")),
            )
        services = [service for service in made if service in args.workload.services]
        self.running = {
            service: RunningService(name=service, log_group="toys", target=service, console_url="https://toys.example")
            for service in services
        }
        cpu = Metric(namespace="Toys", name="Cpu", dimensions={"Toy": name}, statistic="Average", unit="Percent")
        self.signals = [
            Signal(subject=service, name=signal, metric=cpu if signal == "cpu" else Missing("toys do not tell"))
            for service in services
            for signal in ("cpu", "memory", "running", "restarts", "oom", "error_lines")
        ]
        self.signals.append(Signal(subject=NODES, name="failed_nodes", metric=Missing("toys stand on no nodes")))
        self.events = [EventPattern(name="toys", pattern={"source": ["toys"]})]
        self.ready = list(made.values())
        self.exports = {"toys": "in the box"}
        self.register_outputs({})
