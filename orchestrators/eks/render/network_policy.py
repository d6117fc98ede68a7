"""Who may talk to whom: network policies where nodes enforce them, security groups of pods on Fargate."""

from typing import Any

from orchestrators.documents import Document
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.scene import NAME_LABEL, Scene
from workload.model import Job, Service
from workload.text import Ref


def default_policies(scene: Scene) -> list[Document]:
    """Nothing in, nothing out but name resolution and HTTPS to the outside, as the security groups of ECS have it.

    DNS has no peer, as the resolver of Auto Mode is the node itself and no pod that a selector could name.
    """
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": scene.metadata("default-deny"),
            "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": scene.metadata("dns-and-https"),
            "spec": {
                "podSelector": {},
                "policyTypes": ["Egress"],
                "egress": [
                    {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
                    {
                        "to": [
                            {"ipBlock": {"cidr": "0.0.0.0/0", "except": [Ref("network.cidr", default="10.0.0.0/16")]}}
                        ],
                        "ports": [{"protocol": "TCP", "port": 443}],
                    },
                ],
            },
        },
    ]


def network_policy(scene: Scene, unit: Service | Job) -> Document:
    """Exactly the links of one service or job, and the load balancer's way in."""
    ingress: list[Document] = []
    if isinstance(unit, Service):
        if clients := scene.clients[unit.name]:
            ingress.append({"from": [_pods(name) for name in clients], "ports": _ports(unit)})
        if unit.ingress:
            ingress.append({"from": _edge(scene), "ports": [{"protocol": "TCP", "port": unit.ingress.port}]})
    egress: list[Document] = []
    for name in unit.links:
        server = scene.workload.services[name]
        peer = _vpc() if name in scene.managed else _pods(name)
        if ports := _ports(server):
            egress.append({"to": [peer], "ports": ports})
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": scene.metadata(object_name(unit.name), unit.name),
        "spec": {
            "podSelector": scene.selector(unit.name),
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def security_group_policy(scene: Scene, unit: Service | Job) -> Document:
    """Gives the pods the security group that the network made for the unit, and no other."""
    return {
        "apiVersion": "vpcresources.k8s.aws/v1beta1",
        "kind": "SecurityGroupPolicy",
        "metadata": scene.metadata(object_name(unit.name), unit.name),
        "spec": {
            "podSelector": scene.selector(unit.name),
            "securityGroups": {"groupIds": [Ref(f"security_group.{unit.name}")]},
        },
    }


def _pods(unit: str) -> Document:
    return {"podSelector": {"matchLabels": {NAME_LABEL: object_name(unit)}}}


def _edge(scene: Scene) -> list[Document]:
    """Whence requests come: from the load balancer itself, or from the proxy in one of the site's networks."""
    if scene.proxied:
        return [{"ipBlock": {"cidr": cidr}} for cidr in scene.site.networks]
    return [_vpc()]


def _vpc() -> Document:
    """The load balancer and managed data have addresses of the VPC; their security groups narrow it further."""
    return {"ipBlock": {"cidr": Ref("network.cidr", default="10.0.0.0/16")}}


def _ports(server: Service) -> list[dict[str, Any]]:
    tcp = sorted({number for c in server.containers for number in c.listens})
    udp = sorted({port.target for c in server.containers for port in c.ports if port.protocol == "udp"})
    return [{"protocol": "TCP", "port": number} for number in tcp] + [
        {"protocol": "UDP", "port": number} for number in udp
    ]
