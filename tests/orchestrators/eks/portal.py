"""The sample's shape as types, so that these tests need no reader."""

from typing import Any

from foundation.names import Names
from settings import Compute, Orchestrator, Placement
from workload.model import (
    Condition,
    Config,
    Container,
    Dependency,
    Grant,
    HealthCheck,
    Ingress,
    Job,
    Managed,
    Mount,
    Position,
    Resources,
    Scaling,
    Secret,
    Service,
    Tmpfs,
    Volume,
    Workload,
)
from workload.text import Ref, Text

AT = Position("compose.yaml", 3, 5)
MIB = 1024 * 1024
NAMES = Names("portal", "prod")
MANAGED = ("db", "cache")
FARGATE = Placement(orchestrator=Orchestrator.EKS, compute=Compute.FARGATE)
EC2 = Placement(orchestrator=Orchestrator.EKS, compute=Compute.EC2)
DATACENTER = Placement(orchestrator=Orchestrator.EKS, compute=Compute.DATACENTER)

PASSWORD = (Grant(source="db_password", target="/run/secrets/db_password"),)
DATABASE = {
    "DATABASE_URL": Text.of(
        "postgresql://portal@",
        Ref("db.host", "db"),
        ":",
        Ref("db.port", "5432"),
        "/portal?sslmode=",
        Ref("db.sslmode", "disable"),
    ),
    "DB_PASSWORD_FILE": Text.of("/run/secrets/db_password"),
}
CACHE = {
    "CACHE_URL": Text.of(
        Ref("cache.scheme", "redis"), "://", Ref("cache.host", "cache"), ":", Ref("cache.port", "6379"), "/0"
    )
}
NEEDS = tuple(
    Dependency(service=name, condition=condition)
    for name, condition in (
        ("migrate", Condition.COMPLETED),
        ("db", Condition.HEALTHY),
        ("cache", Condition.HEALTHY),
    )
)


def container(name: str, **changes: Any) -> Container:
    fields = {
        "at": AT,
        "image": name,
        "user": "10001:10001",
        "read_only": True,
        "resources": Resources(cpus=0.25, memory=512 * MIB),
    }
    return Container(name=name, **{**fields, **changes})


def python(name: str, **changes: Any) -> Container:
    command = tuple(Text.of(word) for word in ("python", "-m", f"portal.{name}"))
    fields = {"command": command, "init": True, "tmpfs": (Tmpfs(target="/tmp"),), "stop_grace_period": 30.0}
    return container(name, **{**fields, **changes})


def check(*words: str | Text, **changes: Any) -> HealthCheck:
    test = tuple(word if isinstance(word, Text) else Text.of(word) for word in words)
    return HealthCheck(**{"test": test, "interval": 5.0, "timeout": 3.0, "retries": 3, "start_period": 20.0, **changes})


def workload(*services: Service, jobs: tuple[Job, ...] = (), **changes: Any) -> Workload:
    fields = {
        "name": "portal",
        "services": {service.name: service for service in services},
        "jobs": {job.name: job for job in jobs},
        "secrets": {"db_password": Secret(name="db_password", at=AT)},
        "configs": {"greeting": Config(name="greeting", at=AT, content=b"hello\n")},
        "volumes": {"db": Volume(name="db", at=AT)},
    }
    return Workload(**{**fields, **changes})


def portal() -> Workload:
    web = Service(
        container=python(
            "web",
            environment={
                "PORT": Text.of(Ref("web.port", "8000")),
                "API_URL": Text.of(
                    Ref("api.scheme", "http"), "://", Ref("api.host", "api"), ":", Ref("api.port", "9000")
                ),
            },
            expose=(8000,),
            depends_on=(Dependency(service="api", condition=Condition.HEALTHY),),
            healthcheck=check("probe", Text.of("http://127.0.0.1:", Ref("web.port", "8000"), "/health/ready")),
        ),
        replicas=2,
        links=("api",),
        ingress=Ingress(port=8000),
        scaling=Scaling(min=2, max=6, cpu=60, requests=600),
    )
    api = Service(
        container=python(
            "api",
            environment={**DATABASE, **CACHE},
            expose=(9000,),
            secrets=PASSWORD,
            depends_on=NEEDS,
            healthcheck=check("probe", "ready"),
            resources=Resources(cpus=0.5, memory=1024 * MIB),
        ),
        replicas=2,
        links=MANAGED,
        scaling=Scaling(min=2, max=10, cpu=60, memory=75),
    )
    worker = Service(
        container=python("worker", environment={**DATABASE, **CACHE}, secrets=PASSWORD, depends_on=NEEDS),
        links=MANAGED,
        scaling=Scaling(min=1, max=5, cpu=70),
    )
    cache = Service(
        container=container(
            "cache",
            command=(Text.of("valkey-server"), Text.of("--port"), Text.of(Ref("cache.port", "6379"))),
            user="999:999",
            tmpfs=(Tmpfs(target="/data"),),
            expose=(6379,),
        ),
        managed=Managed(engine="valkey", version="8.0"),
        ephemeral=True,
    )
    db = Service(
        container=container(
            "db",
            environment={"POSTGRES_PASSWORD_FILE": Text.of("/run/secrets/db_password")},
            user="999:999",
            read_only=False,
            secrets=PASSWORD,
            expose=(5432,),
            volumes=(Mount(type="volume", source="db", target="/var/lib/postgresql/data"),),
            healthcheck=check("pg_isready"),
        ),
        managed=Managed(engine="postgres", version="17", database="portal", user="portal", password="db_password"),
    )
    migrate = Job(
        container=python("migrate", environment=DATABASE, secrets=PASSWORD, depends_on=NEEDS[1:2]), links=("db",)
    )
    return workload(web, api, worker, cache, db, jobs=(migrate,))


def everything() -> Workload:
    """One service with a sidecar and all that a description may say of a pod on EKS, and a scheduled job."""
    app = Service(
        container=container(
            "app",
            entrypoint=(Text.of("/app"),),
            command=(Text.of("--price=$(COST)"),),
            working_dir="/srv",
            expose=(8080,),
            configs=(Grant(source="greeting", target="/etc/app/greeting", mode=0o400),),
            volumes=(Mount(type="volume", source=None, target="/var/cache/app"),),
            tmpfs=(Tmpfs(target="/tmp", size=64 * MIB),),
            shm_size=32 * MIB,
            group_add=("2000",),
            sysctls={"net.ipv4.tcp_keepalive_time": "60"},
            cap_add=("CAP_NET_BIND_SERVICE",),
            labels={"example.com/team": "portal"},
            healthcheck=check("curl -f localhost", shell=True),
        ),
        sidecars=(container("proxy", user="101", expose=(9100,)),),
        replicas=3,
    )
    nightly = Job(
        container=container("nightly", restart="on-failure:3"), sidecars=(container("agent"),), schedule="rate(1 hour)"
    )
    return workload(app, jobs=(nightly,))


def example(ref: Ref) -> str:
    """What `switchyard render` would put in: the default, or a value of the right form."""
    return ref.default or f"{ref.path.replace('_', '-')}.example"
