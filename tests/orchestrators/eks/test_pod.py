"""What a description says of a service, as its pod says it."""

from typing import Any

import pytest

from foundation.routing import deregistration
from orchestrators.documents import fill
from orchestrators.eks.render import render
from tests.orchestrators.eks.portal import (
    DATACENTER,
    EC2,
    FARGATE,
    MANAGED,
    MIB,
    NAMES,
    check,
    container,
    everything,
    example,
    portal,
    workload,
)
from workload.model import Config, Grant, Ingress, Job, Resources, Scaling, Service, Tmpfs, Update
from workload.text import Text


def objects(described, kind, placement=EC2, managed=()) -> dict[str, Any]:
    manifests = render(described, placement, NAMES, managed)
    filled = [fill(document, example) for document in (*manifests.core, *manifests.aws)]
    return {document["metadata"]["name"]: document for document in filled if document["kind"] == kind}


def deployment(service, placement=EC2):
    return objects(workload(service), "Deployment", placement)[service.name]["spec"]


def pod(service, placement=EC2):
    return deployment(service, placement)["template"]["spec"]


def own(service, placement=EC2):
    return pod(service, placement)["containers"][0]


def test_an_address_of_a_service_in_the_cluster_is_its_name():
    web = objects(portal(), "Deployment", managed=MANAGED)["web"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "API_URL", "value": "http://api:9000"} in web["env"]


def test_kubernetes_expands_nothing_in_what_the_description_says():
    app = objects(everything(), "Deployment")["app"]["spec"]["template"]["spec"]["containers"][0]
    assert app["args"] == ["--price=$$(COST)"]


def test_a_health_check_tells_starting_serving_and_living_apart():
    app = own(Service(container=container("app", healthcheck=check("probe", interval=10.0))))
    assert app["startupProbe"]["failureThreshold"] * app["startupProbe"]["periodSeconds"] >= 20 + 3 * 5
    assert app["readinessProbe"]["failureThreshold"] == 3
    assert app["livenessProbe"]["failureThreshold"] * app["livenessProbe"]["periodSeconds"] >= 180


def test_a_pod_asks_for_the_disk_that_it_writes_to_and_machines_have_it():
    app = Service(container=container("app"), storage=100 * 1024 * MIB)
    assert own(app)["resources"]["requests"]["ephemeral-storage"] == "100Gi"
    assert own(app, FARGATE)["resources"]["limits"]["ephemeral-storage"] == "100Gi"
    (machines,) = objects(workload(app), "NodeClass").values()
    assert machines["spec"]["ephemeralStorage"] == {"size": "130Gi"}


def test_a_check_without_a_shell_runs_without_a_shell():
    assert own(Service(container=container("app", healthcheck=check("probe", "ready"))))["readinessProbe"]["exec"] == {
        "command": ["probe", "ready"]
    }


def test_a_shell_check_names_its_shell():
    check_ = check("curl -f localhost", shell=True)
    command = own(Service(container=container("app", healthcheck=check_)))["livenessProbe"]["exec"]["command"]
    assert command == ["/bin/sh", "-c", "curl -f localhost"]


@pytest.mark.parametrize("grace", [20, 90])
def test_a_pod_behind_the_edge_outlives_its_deregistration(grace):
    service = Service(container=container("app", expose=(80,), stop_grace_period=grace), ingress=Ingress(port=80))
    spec = pod(service)
    wait = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert wait > deregistration(service)
    assert spec["terminationGracePeriodSeconds"] >= wait + grace


def test_fargate_is_asked_for_what_it_limits():
    service = Service(container=container("app", resources=Resources(cpus=1.0, memory=1024 * MIB, reserved_cpus=0.25)))
    resources = own(service, FARGATE)["resources"]
    assert resources["requests"] == resources["limits"] == {"cpu": "1", "memory": "1Gi"}


def test_nodes_are_asked_for_the_reservation():
    service = Service(container=container("app", resources=Resources(cpus=1.0, memory=1024 * MIB, reserved_cpus=0.25)))
    assert own(service)["resources"]["requests"] == {"cpu": "250m", "memory": "1Gi"}


def test_a_target_in_percent_of_the_limit_becomes_one_of_the_request():
    resources = Resources(cpus=1.0, memory=1024 * MIB, reserved_cpus=0.5)
    service = Service(container=container("app", resources=resources), scaling=Scaling(min=1, max=3, cpu=60))
    (metric,) = objects(workload(service), "HorizontalPodAutoscaler")["app"]["spec"]["metrics"]
    assert metric["resource"]["target"] == {"type": "Utilization", "averageUtilization": 120}


def test_replicas_are_the_autoscalers_alone():
    spec = deployment(Service(container=container("app"), replicas=2, scaling=Scaling(min=2, max=4, cpu=60)))
    assert "replicas" not in spec


def test_replicas_without_scaling_are_the_descriptions():
    assert deployment(Service(container=container("app"), replicas=3))["replicas"] == 3


def test_stop_first_never_runs_two_versions_at_once():
    update = Update(order="stop-first", parallelism=0)
    spec = deployment(Service(container=container("app"), update=update))
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": "100%"}


def test_a_single_replica_has_no_budget_that_would_hold_its_node():
    assert not objects(workload(Service(container=container("app"))), "PodDisruptionBudget")


def test_two_replicas_leave_one_at_a_time():
    budget = objects(workload(Service(container=container("app"), replicas=2)), "PodDisruptionBudget")["app"]
    assert budget["spec"]["maxUnavailable"] == 1


def test_a_changed_config_has_a_new_name_so_that_its_clients_roll():
    def named(content):
        config = Config(name="greeting", at=everything().configs["greeting"].at, content=content)
        grant = Grant(source="greeting", target="/greeting")
        described = workload(Service(container=container("app", configs=(grant,))), configs={"greeting": config})
        (name,) = objects(described, "ConfigMap").keys() - {"amazon-vpc-cni"}
        mounted = objects(described, "Deployment")["app"]["spec"]["template"]["spec"]["volumes"][0]["configMap"]
        assert mounted["name"] == name
        return name

    assert named(b"hello") != named(b"\xff\x00")


def test_a_secret_is_a_file_that_the_group_of_the_container_reads():
    spec = objects(portal(), "Deployment", managed=MANAGED)["api"]["spec"]["template"]["spec"]
    (volume,) = (volume for volume in spec["volumes"] if "secret" in volume)
    assert volume["secret"]["defaultMode"] == 0o440
    assert spec["securityContext"]["fsGroup"] == 10001
    assert {"mountPath": "/run/secrets/db_password", "name": volume["name"], "readOnly": True, "subPath": "value"} in (
        spec["containers"][0]["volumeMounts"]
    )


def test_a_volume_that_survives_makes_a_stateful_set_with_an_encrypted_claim():
    (claim,) = objects(portal(), "StatefulSet")["db"]["spec"]["volumeClaimTemplates"]
    storage = objects(portal(), "StorageClass")[claim["spec"]["storageClassName"]]
    assert storage["parameters"]["encrypted"] == "true"


def test_tmpfs_is_memory_on_nodes():
    (volume,) = pod(Service(container=container("app", tmpfs=(Tmpfs(target="/tmp"),))))["volumes"]
    assert volume == {"name": "app-tmp", "emptyDir": {"medium": "Memory"}}


def test_tmpfs_is_the_pods_own_disk_on_fargate():
    web = objects(portal(), "Deployment", FARGATE, MANAGED)["web"]["spec"]["template"]["spec"]
    assert {"name": "web-tmp", "emptyDir": {}} in web["volumes"]


def test_the_pods_of_a_job_end_though_its_sidecar_would_not():
    job = Job(container=container("load"), sidecars=(container("proxy"),))
    (document,) = objects(workload(jobs=(job,)), "Job").values()
    spec = document["spec"]["template"]["spec"]
    assert [c["name"] for c in spec["containers"]] == ["load"]
    assert [(c["name"], c["restartPolicy"]) for c in spec["initContainers"]] == [("proxy", "Always")]


def test_a_changed_job_is_a_new_job():
    def name(image):
        (found,) = objects(workload(jobs=(Job(container=container("load", command=(image,))),)), "Job")
        return found

    assert name(Text.of("a")) != name(Text.of("b"))


def test_the_binding_on_nodes_is_of_auto_modes_group():
    assert objects(portal(), "TargetGroupBinding", EC2, MANAGED)["web"]["apiVersion"] == "eks.amazonaws.com/v1"


def test_the_binding_on_fargate_is_of_the_controllers_group():
    assert objects(portal(), "TargetGroupBinding", FARGATE, MANAGED)["web"]["apiVersion"] == "elbv2.k8s.aws/v1beta1"


def test_only_a_service_with_an_ingress_is_bound_to_the_edge():
    assert set(objects(portal(), "TargetGroupBinding", EC2)) == {"web"}


def test_copies_spread_over_zones_where_there_are_any_and_over_machines():
    def keys(placement):
        spec = objects(portal(), "Deployment", placement, MANAGED)["web"]["spec"]["template"]["spec"]
        return [each["topologyKey"] for each in spec.get("topologySpreadConstraints", ())]

    assert keys(EC2) == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    assert keys(DATACENTER) == ["kubernetes.io/hostname"]
    assert keys(FARGATE) == []
