"""Task definitions: what the description says arrives, in a shape that ECS accepts, the same bytes each time."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from time import process_time

import botocore.session
import pytest
from botocore.validate import validate_parameters

from orchestrators import registry
from orchestrators.documents import canonical, fill
from orchestrators.ecs.render import render
from tests.support.seeds import same_output
from workload.errors import DescriptionError
from workload.model import (
    Condition,
    Container,
    Dependency,
    HealthCheck,
    Job,
    Mount,
    Port,
    Resources,
    Tmpfs,
    Ulimit,
)
from workload.text import Ref, Text

GOLDEN = Path(__file__).parent / "golden"
MANAGED = ("db", "cache")
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def api():
    model = botocore.session.get_session().get_service_model("ecs")
    return model.operation_model("RegisterTaskDefinition").input_shape


@pytest.fixture
def app(one, placement, names, values):
    """The first container definition, or the whole task definition, of a service with some changes."""

    def rendered(service=None, **changes):
        workload = one(service, **changes)
        return fill(render(workload, placement, names)["app"], values)

    return rendered


def test_every_task_definition_of_the_sample_is_what_ecs_accepts(portal, placement, names, values, api):
    documents = render(portal, placement, names, MANAGED)
    assert set(documents) == {"web", "api", "worker", "migrate"}
    for document in documents.values():
        validate_parameters(fill(document, values), api)


@pytest.mark.parametrize("compute", registry.ORCHESTRATORS["ecs"].computes)
@pytest.mark.parametrize("name", ["web", "api", "worker", "migrate"])
def test_the_sample_renders_to_its_golden_document(portal, placement, names, values, name, compute):
    """SWITCHYARD_GOLDEN=write pytest tests/orchestrators/ecs/test_render.py writes them anew."""
    rendered = render(portal, dataclasses.replace(placement, compute=compute), names, MANAGED)
    document = json.dumps(fill(rendered[name], values), indent=2, sort_keys=True) + "\n"
    path = GOLDEN / compute / f"{name}.json"
    if os.environ.get("SWITCHYARD_GOLDEN") == "write":
        path.write_text(document)
    assert document == path.read_text()


def test_the_bytes_do_not_depend_on_the_hash_seed():
    program = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("sample", sys.argv[1]); module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
from orchestrators import registry
from orchestrators.documents import canonical, fill
from orchestrators.ecs.render import render
from foundation.names import Names
from settings import Compute, Orchestrator, Placement
placement = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
print(canonical(fill(render(module.sample(), placement, Names("portal", "dev"), ("db", "cache")), module.example)))
"""
    conftest = str(Path(__file__).parent / "conftest.py")
    assert same_output(program, conftest)


def test_rendering_imports_neither_pulumi_nor_boto3():
    program = "import sys, orchestrators.ecs.render; print(sorted({'pulumi', 'boto3', 'botocore'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert result.stdout.strip() == "[]"


def test_a_client_reaches_a_service_by_its_name_and_a_managed_one_by_what_aws_answers(portal, placement, names):
    documents = render(portal, placement, names, MANAGED)
    web = {v["name"]: v["value"] for v in documents["web"]["containerDefinitions"][0]["environment"]}
    api = {v["name"]: v["value"] for v in documents["api"]["containerDefinitions"][0]["environment"]}
    assert web["API_URL"] == Text.of("http://api:9000")
    assert web["PORT"] == Text.of("8000")
    assert list(api["CACHE_URL"].refs()) == [Ref("cache.scheme"), Ref("cache.host"), Ref("cache.port")]


def test_a_job_reaches_a_service_by_dns_since_service_connect_is_for_services_only(portal, placement, names, values):
    cache = portal.services["cache"]
    job = dataclasses.replace(portal.jobs["migrate"], links=("cache",))
    container = dataclasses.replace(
        job.container, environment={"CACHE": Text.of(Ref("cache.host", "cache"))}, secrets=()
    )
    workload = dataclasses.replace(
        portal, services={"cache": cache}, jobs={"migrate": dataclasses.replace(job, container=container)}
    )
    document = fill(render(workload, placement, names), values)["migrate"]
    assert document["containerDefinitions"][0]["environment"] == [
        {"name": "CACHE", "value": "cache.portal-dev-ecs-fargate.internal"}
    ]


def test_a_file_variable_with_a_secrets_path_becomes_the_variable_with_its_value(portal, placement, names, values):
    container = fill(render(portal, placement, names, MANAGED)["api"], values)["containerDefinitions"][0]
    assert [s["name"] for s in container["secrets"]] == ["DB_PASSWORD"]
    assert container["secrets"][0]["valueFrom"].startswith("arn:aws:secretsmanager:")
    assert "DB_PASSWORD_FILE" not in {v["name"] for v in container["environment"]}


def test_a_changed_secret_changes_the_task_definition_so_that_its_clients_roll(portal, placement, names, values):
    def version(value):
        return lambda ref: value if ref.path == "secret.db_password.version" else values(ref)

    document = render(portal, placement, names, MANAGED)
    assert canonical(fill(document["api"], version("1"))) != canonical(fill(document["api"], version("2")))
    assert canonical(fill(document["web"], version("1"))) == canonical(fill(document["web"], version("2")))


def test_a_new_endpoint_changes_the_task_definition_of_who_calls_it_and_no_other(portal, placement, names, values):
    def rendered(port):
        api = portal.services["api"]
        api = dataclasses.replace(api, container=dataclasses.replace(api.container, expose=(9000, port)))
        workload = dataclasses.replace(portal, services={**portal.services, "api": api})
        documents = fill(render(workload, placement, names, MANAGED), values)
        return {name: canonical(document) for name, document in documents.items() if name != "api"}

    before, after = rendered(9000), rendered(9001)
    assert [name for name in before if before[name] != after[name]] == ["web"]


def test_everything_that_the_description_says_of_a_container_is_carried(app, api):
    document = app(
        entrypoint=(Text.of("/bin/run"),),
        working_dir="/srv",
        group_add=(),
        architecture="arm64",
        ports=(Port(target=9000),),
        expose=(8000,),
        ulimits={"nofile": Ulimit(soft=1024, hard=2048)},
        sysctls={"net.core.somaxconn": "1024"},
        labels={"team": "portal"},
        cap_add=("CAP_SYS_PTRACE",),
        restart="on-failure",
        tmpfs=(Tmpfs(target="/run", size=8 * MIB, mode=0o1770),),
        healthcheck=HealthCheck(
            test=(Text.of("true"),), shell=True, interval=1, timeout=0.5, retries=2, start_period=2.5
        ),
        service={"ephemeral": True},
        volumes=(Mount(type="volume", source="scratch", target="/scratch", read_only=True),),
    )
    validate_parameters(document, api)
    container = document["containerDefinitions"][0]
    assert document["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert document["volumes"] == [{"name": "scratch"}]
    assert {
        key: container[key] for key in ("entryPoint", "workingDirectory", "user", "dockerLabels", "stopTimeout")
    } == {
        "entryPoint": ["/bin/run"],
        "workingDirectory": "/srv",
        "user": "10001:10001",
        "dockerLabels": {"team": "portal"},
        "stopTimeout": 30,
    }
    assert [(p["name"], p["containerPort"]) for p in container["portMappings"]] == [("app", 8000), ("app-9000", 9000)]
    assert container["ulimits"] == [{"name": "nofile", "softLimit": 1024, "hardLimit": 2048}]
    assert container["systemControls"] == [{"namespace": "net.core.somaxconn", "value": "1024"}]
    assert container["mountPoints"] == [{"sourceVolume": "scratch", "containerPath": "/scratch", "readOnly": True}]
    assert container["restartPolicy"] == {"enabled": True, "ignoredExitCodes": [0], "restartAttemptPeriod": 60}
    assert container["linuxParameters"]["capabilities"] == {"add": ["SYS_PTRACE"], "drop": ["ALL"]}
    assert container["linuxParameters"]["tmpfs"] == [
        {"containerPath": "/run", "size": 8, "mountOptions": ["mode=1770", "nodev", "noexec", "nosuid", "rw"]}
    ]
    assert container["healthCheck"] == {
        "command": ["CMD-SHELL", "true"],
        "interval": 5,
        "timeout": 2,
        "retries": 2,
        "startPeriod": 3,
    }


@pytest.mark.parametrize(("storage", "disk"), [(None, None), (20, None), (20.5, 21), (200, 200)])
def test_a_task_on_fargate_gets_the_disk_that_the_description_asks_for_beyond_its_twenty_gibibytes(
    app, api, storage, disk
):
    document = app({"storage": storage and int(storage * 1024 * MIB)})
    validate_parameters(document, api)
    assert document.get("ephemeralStorage") == (disk and {"sizeInGiB": disk})


def test_the_main_container_may_use_the_whole_task_and_a_sidecar_its_own_limit(app):
    sidecar = Container(name="log", at=None, resources=Resources(cpus=0.1, memory=100 * MIB))
    document = app({"sidecars": (sidecar,)})
    main, side = document["containerDefinitions"]
    assert ("memory" in main, main["memoryReservation"]) == (False, 512)
    assert side["memory"] == 100
    assert (document["cpu"], document["memory"]) == ("512", "1024")


def test_sidecars_wait_for_each_other_within_the_task_only(app):
    sidecars = (
        Container(
            name="agent",
            at=None,
            restart="always",
            depends_on=(
                Dependency(service="seed", condition=Condition.COMPLETED),
                Dependency(service="app", condition=Condition.STARTED),
                Dependency(service="elsewhere", condition=Condition.STARTED),
            ),
        ),
        Container(name="seed", at=None),
    )
    _, agent, seed = app({"sidecars": sidecars})["containerDefinitions"]
    assert agent["dependsOn"] == [
        {"containerName": "app", "condition": "START"},
        {"containerName": "seed", "condition": "SUCCESS"},
    ]
    assert (agent["essential"], seed["essential"]) == (True, False)


def test_only_what_the_description_shows_to_speak_http_is_told_so_to_service_connect(portal, placement, names, values):
    documents = fill(render(portal, placement, names, ("db",)), values)

    def protocol(name):
        return documents[name]["containerDefinitions"][0]["portMappings"][0].get("appProtocol")

    assert (protocol("web"), protocol("api"), protocol("cache")) == ("http", "http", None)


def test_a_task_definition_that_is_too_large_is_refused_with_its_size(one, placement, names):
    workload = one(environment={"LONG": Text.of("x" * 65536)})
    with pytest.raises(DescriptionError) as error:
        render(workload, placement, names)
    assert str(error.value) == (
        "compose.yaml:3:5: app becomes a task definition of 66723 bytes, and ECS takes 65536. Shorten its environment, "
        "or use the placement eks-fargate."
    )


def test_a_task_that_only_the_proxy_makes_too_large_is_refused(portal, placement, names):
    large = Resources(cpus=16, memory=32768 * MIB)
    api = portal.services["api"]
    api = dataclasses.replace(api, container=dataclasses.replace(api.container, resources=large))
    workload = dataclasses.replace(portal, services={**portal.services, "api": api})
    with pytest.raises(DescriptionError) as error:
        render(workload, placement, names, MANAGED)
    assert str(error.value).endswith(
        ": api: api 16 vCPU and 32768 MiB, the Service Connect proxy 0.25 vCPU and 64 MiB: together 16.25 vCPU and "
        "32832 MiB; Fargate sells no size so large. Ask for less, or use the placement ecs-ec2."
    )


def test_a_job_is_a_task_of_its_own_without_named_ports(portal, placement, names):
    job = Job(
        container=dataclasses.replace(portal.jobs["migrate"].container, secrets=(), environment={}, expose=(8000,))
    )
    workload = dataclasses.replace(portal, services={}, jobs={"migrate": job})
    mapping = render(workload, placement, names)["migrate"]["containerDefinitions"][0]["portMappings"][0]
    assert mapping == {"containerPort": 8000, "hostPort": 8000, "protocol": "tcp"}


def test_a_hundred_times_five_services_render_in_under_a_second(portal, placement, names):
    services = {
        f"{name}-{n}": dataclasses.replace(s, container=dataclasses.replace(s.container, name=f"{name}-{n}"))
        for n in range(125)
        for name, s in portal.services.items()
        if name != "db"
    }
    workload = dataclasses.replace(portal, services=services)
    assert len(services) == 500
    began = process_time()  # of this process alone, whatever else the machine does
    render(workload, placement, names)
    assert process_time() - began < 1
