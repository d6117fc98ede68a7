"""What Cilium is told of the site: which addresses pods have, and who may talk to whom."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from settings import SiteSettings

MASK = 25
"""Of `site.pods` each machine takes a part of 128 addresses: a kubelet runs 110 pods."""

HYBRID = {"key": "eks.amazonaws.com/compute-type", "operator": "In", "values": ["hybrid"]}
"""The label that nodeadm gives to each machine."""

_AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [HYBRID]}]}
    }
}


def values(site: SiteSettings) -> Mapping[str, Any]:
    """The chart's values: pods have addresses of the site, machines speak BGP once they are told to whom.

    Without VTEP, which the hybrid nodes gateway alone needs: pods are reached by routes, not by machines in the VPC.
    """
    return {
        "affinity": _AFFINITY,
        "bgpControlPlane": {"enabled": True},
        "envoy": {"enabled": False},  # rules by HTTP paths, which NetworkPolicy does not have
        "ipam": {
            "mode": "cluster-pool",
            "operator": {"clusterPoolIPv4MaskSize": MASK, "clusterPoolIPv4PodCIDRList": list(site.pods)},
        },
        "kubeProxyReplacement": False,
        "operator": {
            "affinity": _AFFINITY,
            "replicas": min(2, site.machines),
            "unmanagedPodWatcher": {"restart": False},
        },
        "policyEnforcementMode": "default",  # what a NetworkPolicy selects is closed
        "vtep": {"enabled": False},
    }


def room(site: SiteSettings) -> int:
    """How many machines find addresses for their pods."""
    return sum(2 ** (MASK - network.prefixlen) for network in map(IPv4Network, site.pods) if network.prefixlen <= MASK)
