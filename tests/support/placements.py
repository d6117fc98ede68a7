"""Every placement that there is, and a site for those in a data centre."""

from orchestrators.registry import ORCHESTRATORS

PLACEMENTS = tuple(f"{name}-{compute}" for name, entry in ORCHESTRATORS.items() for compute in entry.computes)
SITE = "site={networks: [192.168.0.0/24], pods: [192.168.64.0/18], address: 192.168.0.10, vpn_gateway: vgw-01234567}"


def placed(placement: str) -> list[str]:
    """The changes of config that move the stack to `placement`."""
    orchestrator, _, compute = placement.partition("-")
    return [f"orchestrator={orchestrator}", f"compute={compute}", *([SITE] if compute == "datacenter" else [])]
