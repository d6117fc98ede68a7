"""How a service is reached: its Service, and the binding of its pods to the edge's target group."""

from foundation.site import node_port
from orchestrators.documents import Document
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.render.scene import NAME_LABEL, Scene
from workload.model import Service
from workload.text import Ref


def service(scene: Scene, described: Service) -> Document | None:
    """Under the service's own name, so that `api:8000` works as in Compose; None if it only calls.

    What the site's proxy serves is also published by the machines, each for its own pods alone: one without any is
    down for the proxy, and pods see who connects.
    """
    tcp = {number for c in described.containers for number in c.listens}
    udp = {port.target for c in described.containers for port in c.ports if port.protocol == "udp"}
    ports = [(number, "TCP") for number in sorted(tcp)] + [(number, "UDP") for number in sorted(udp)]
    if not ports:
        return None
    published = scene.proxied and described.ingress is not None
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": scene.metadata(object_name(described.name), described.name),
        "spec": {
            **({"type": "NodePort", "externalTrafficPolicy": "Local"} if published else {"type": "ClusterIP"}),
            "selector": {NAME_LABEL: object_name(described.name)},
            "ports": [
                {"name": f"{protocol.lower()}-{number}", "port": number, "targetPort": number, "protocol": protocol}
                | ({"nodePort": node_port(number)} if published else {})
                for number, protocol in ports
            ],
        },
    }


def target_group_binding(scene: Scene, described: Service) -> Document | None:
    """Registers the pods' addresses with the edge; None where its target is the site's proxy.

    Auto Mode brings a controller of its own group; its binding takes the ARN only (Amazon EKS user guide, Auto Mode
    load balancing). The rules to the pods are the program's, so the controller is given no `networking`.
    """
    if described.ingress is None or scene.proxied:
        return None
    return {
        "apiVersion": "elbv2.k8s.aws/v1beta1" if scene.own_controller else "eks.amazonaws.com/v1",
        "kind": "TargetGroupBinding",
        "metadata": scene.metadata(object_name(described.name), described.name),
        "spec": {
            "targetGroupARN": Ref(f"target_group.{described.name}"),
            "targetType": "ip",
            "serviceRef": {"name": object_name(described.name), "port": described.ingress.port},
        },
    }
