"""Time to render 50 and 500 services for each placement: `python -m benchmarks.render`."""

import dataclasses
from time import perf_counter

from foundation.names import Names
from orchestrators import registry
from settings import Orchestrator, Placement
from workload.model import Container, Ingress, Job, Position, Resources, Scaling, Service, Workload
from workload.text import Ref, Text

GIB = 1024**3


def portal(count: int) -> Workload:
    """`count` services in a chain, each calling the next by its endpoint variables."""
    container = Container(
        name="service-0",
        at=Position("compose.yaml", 1, 1),
        image="portal",
        user="10001:10001",
        read_only=True,
        expose=(8000,),
        resources=Resources(cpus=0.25, memory=GIB // 2),
    )
    services: dict[str, Service] = {}
    for number in range(count):
        following = f"service-{number + 1}"
        address = Text.of("http://", Ref(f"{following}.host", following), ":", Ref(f"{following}.port", "8000"))
        last = number == count - 1
        services[f"service-{number}"] = Service(
            container=dataclasses.replace(
                container, name=f"service-{number}", environment={} if last else {"NEXT_URL": address}
            ),
            links=() if last else (following,),
            scaling=Scaling(min=2, max=6, cpu=60),
            ingress=None if number else Ingress(port=8000),
        )
    jobs: dict[str, Job] = {}
    return Workload(name="portal", services=services, jobs=jobs, secrets={}, configs={}, volumes={})


def main() -> None:
    placements = [
        Placement(orchestrator=orchestrator, compute=compute)
        for orchestrator in Orchestrator
        for compute in registry.ORCHESTRATORS[orchestrator].computes
    ]
    for placement in placements:
        render = registry.render(placement)
        for count in (50, 500):
            workload = portal(count)
            began = perf_counter()
            render(workload, placement, Names("portal", "bench"))
            print(f"{placement.key:12} {count:3} services: {(perf_counter() - began) * 1000:6.0f} ms")


if __name__ == "__main__":
    main()
