"""What the workload needs of its cluster: the namespace, the machines, the disks, the logs."""

import math

from orchestrators.documents import Document
from orchestrators.eks.render.pod import SPOT_TAINT
from orchestrators.eks.render.scene import Scene
from workload.text import Ref, Text

NODES = "workload"

DISK = 80
"""GiB of a machine of Auto Mode that nobody asked anything (Amazon EKS user guide, node class)."""

SYSTEM = 30
"""GiB of it for images, logs and the system."""


def namespace(scene: Scene) -> Document:
    """The API server refuses any pod here that does not pass `restricted`."""
    labels = {"app.kubernetes.io/managed-by": "switchyard", "kubernetes.io/metadata.name": scene.namespace}
    for mode in ("enforce", "audit", "warn"):
        labels[f"pod-security.kubernetes.io/{mode}"] = "restricted"
    if scene.own_controller:
        # The controller then holds a new pod unready until the load balancer has found it healthy.
        labels["elbv2.k8s.aws/pod-readiness-gate-inject"] = "enabled"
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": scene.namespace, "labels": labels}}


def node_class(scene: Scene, zones: int) -> Document:
    """Machines in the private subnets alone, whose agent enforces network policies; their disks hold each pod's own."""
    disk = SYSTEM + math.ceil(max((unit.storage or 0 for unit in scene.units), default=0) / 1024**3)
    return {
        "apiVersion": "eks.amazonaws.com/v1",
        "kind": "NodeClass",
        "metadata": {"name": NODES},
        "spec": {
            "role": Ref("role.node"),
            "subnetSelectorTerms": [{"id": Ref(f"subnet.private.{zone}")} for zone in range(zones)],
            "securityGroupSelectorTerms": [{"id": Ref("security_group.cluster")}],
            "networkPolicy": "DefaultAllow",  # add-ons share the nodes; the namespace of the workload denies by itself
            "networkPolicyEventLogs": "Enabled",
            **({"ephemeralStorage": {"size": f"{disk}Gi"}} if disk > DISK else {}),
        },
    }


def node_pools(scene: Scene) -> list[Document]:
    """On-demand machines for all; with Spot capacity a pool that is preferred where pods tolerate it, and whose pods
    fall back to the first where there is none.
    """
    pools = [_node_pool(scene, NODES, "on-demand", {}, {})]
    if scene.spot:
        pools.append(_node_pool(scene, f"{NODES}-spot", "spot", {"taints": [SPOT_TAINT]}, {"weight": 50}))
    return pools


def _node_pool(scene: Scene, name: str, capacity: str, template: Document, spec: Document) -> Document:
    """Machines of the architectures that the images need, replaced after two weeks, one tenth at a time."""
    return {
        "apiVersion": "karpenter.sh/v1",
        "kind": "NodePool",
        "metadata": {"name": name},
        "spec": {
            "template": {
                "spec": {
                    "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": NODES},
                    "expireAfter": "336h",
                    "requirements": [
                        _one_of("kubernetes.io/arch", *architectures(scene)),
                        _one_of("karpenter.sh/capacity-type", capacity),
                        _one_of("eks.amazonaws.com/instance-category", "c", "m", "r"),
                        {"key": "eks.amazonaws.com/instance-generation", "operator": "Gt", "values": ["5"]},
                    ],
                    **template,
                }
            },
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": "60s",
                "budgets": [{"nodes": "10%"}],
            },
            **spec,
        },
    }


def architectures(scene: Scene) -> tuple[str, ...]:
    """amd64 always, for the add-ons that know no other, and what the images ask for."""
    return tuple(sorted({"amd64", *(unit.container.architecture for unit in scene.units)}))


def _one_of(key: str, *values: str) -> Document:
    return {"key": key, "operator": "In", "values": list(values)}


def policy_controller() -> Document:
    """Switches network policies on: without it Auto Mode ignores them silently (Amazon EKS user guide)."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "amazon-vpc-cni", "namespace": "kube-system"},
        "data": {"enable-network-policy-controller": "true"},
    }


def log_router(scene: Scene) -> list[Document]:
    """Fargate's own Fluent Bit: the namespace and name are fixed, at most 5300 characters (Amazon EKS user guide,
    Fargate logging); so one group takes all services, each pod its own stream.
    """
    group = scene.names.log_group(scene.placement.key, "pods")
    output = Text.of(
        "[OUTPUT]\n    Name cloudwatch_logs\n    Match kube.*\n    region ",
        Ref("region"),
        f"\n    log_group_name {group}\n    log_stream_prefix pod-\n    auto_create_group false\n",
    )
    filters = (
        "[FILTER]\n    Name kubernetes\n    Match kube.*\n"
        "    Merge_Log On\n    Merge_Log_Key log_processed\n    Keep_Log Off\n    Buffer_Size 0\n"
    )
    parsers = (
        "[PARSER]\n    Name cri\n    Format regex\n"
        "    Regex ^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>P|F) (?<log>.*)$\n"
        "    Time_Key time\n    Time_Format %Y-%m-%dT%H:%M:%S.%L%z\n"
    )
    parse = "[FILTER]\n    Name parser\n    Match kube.*\n    Key_Name log\n    Parser cri\n    Reserve_Data On\n"
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "aws-observability", "labels": {"aws-observability": "enabled"}},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "aws-logging", "namespace": "aws-observability"},
            "data": {
                "flb_log_cw": "false",
                "filters.conf": parse + filters,
                "output.conf": output,
                "parsers.conf": parsers,
            },
        },
    ]
