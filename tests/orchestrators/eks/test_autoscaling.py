"""How many pods: cpu and memory by Kubernetes itself, what CloudWatch counts by KEDA."""

import pytest

from orchestrators.documents import fill
from orchestrators.eks.render import render
from tests.orchestrators.eks.portal import EC2, MANAGED, NAMES, container, example, portal, workload
from workload.model import Ingress, QueueTarget, Scaling, Service


def rendered(*services):
    described = workload(*services) if services else portal()
    manifests = render(described, EC2, NAMES, MANAGED)
    return [fill(document, example) for document in (*manifests.core, *manifests.aws)]


def triggers(documents, service):
    (found,) = (d for d in documents if d["kind"] == "ScaledObject" and d["metadata"]["name"] == service)
    return {trigger.get("name", trigger["type"]): trigger for trigger in found["spec"]["triggers"]}


def scaled(**targets):
    return Service(
        container=container("app", expose=(8000,)), ingress=Ingress(port=8000), scaling=Scaling(min=1, max=4, **targets)
    )


def test_the_requests_of_all_pods_are_divided_among_them():
    """The sum of a minute by the target of each, as ECS tracks requests per target and minute."""
    requests = triggers(rendered(), "web")["requests"]
    assert requests["metricType"] == "AverageValue"
    assert requests["metadata"]["targetMetricValue"] == "600"
    assert requests["metadata"]["metricName"] == "RequestCount"
    assert (requests["metadata"]["metricStat"], requests["metadata"]["metricStatPeriod"]) == ("Sum", "60")
    assert requests["metadata"]["dimensionValue"] == "balancer-suffix.web.example;target-group-suffix.web.example"


def test_the_messages_of_a_queue_are_divided_among_the_pods():
    documents = rendered(scaled(queue=QueueTarget(name="mails", per_task=20)))
    metadata = triggers(documents, "app")["queue"]["metadata"]
    assert metadata["targetMetricValue"] == "20"
    assert metadata["expression"] == 'SELECT MAX("eks-ec2/app/queue_depth") FROM "portal/prod"'


def test_cpu_and_memory_stay_targets_beside_what_is_counted():
    found = triggers(rendered(scaled(cpu=60, memory=70, requests=100)), "app")
    assert {name: t["metadata"].get("value") for name, t in found.items()} == {
        "cpu": "60",
        "memory": "70",
        "requests": None,
    }


def test_keda_takes_over_the_autoscaler_of_the_same_name_and_pace():
    documents = rendered()
    (plain,) = (d for d in documents if d["kind"] == "HorizontalPodAutoscaler" and d["metadata"]["name"] == "web")
    (ours,) = (d for d in documents if d["kind"] == "ScaledObject")
    config = ours["spec"]["advanced"]["horizontalPodAutoscalerConfig"]
    assert config == {"name": "web", "behavior": plain["spec"]["behavior"]}
    assert ours["metadata"]["annotations"] == {"scaledobject.keda.sh/transfer-hpa-ownership": "true"}
    assert ours["spec"]["scaleTargetRef"] == plain["spec"]["scaleTargetRef"]


@pytest.mark.parametrize("targets", [{"cpu": 60}, {"memory": 70}])
def test_keda_is_left_out_where_kubernetes_sees_every_target(targets):
    kinds = {document["kind"] for document in rendered(scaled(**targets))}
    assert "HorizontalPodAutoscaler" in kinds
    assert not kinds & {"ScaledObject", "TriggerAuthentication"}


def test_a_plain_autoscaler_is_left_out_where_it_would_see_no_target():
    assert "HorizontalPodAutoscaler" not in {document["kind"] for document in rendered(scaled(requests=100))}
