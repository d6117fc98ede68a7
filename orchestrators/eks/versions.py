"""Kubernetes versions on Amazon EKS: how long AWS supports them, and the add-ons that go with each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from settings import Compute, KubernetesVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The last day of standard support, and of extended support, which costs six times as much per cluster."""

    standard: date
    extended: date


SUPPORT: Mapping[KubernetesVersion, Support] = {
    "1.33": Support(standard=date(2026, 7, 29), extended=date(2027, 7, 29)),
    "1.34": Support(standard=date(2026, 12, 2), extended=date(2027, 12, 2)),
    "1.35": Support(standard=date(2027, 3, 27), extended=date(2028, 3, 27)),
    "1.36": Support(standard=date(2027, 8, 2), extended=date(2028, 8, 2)),
}
"""Amazon EKS user guide, Kubernetes release calendar, as of November 2026."""

ADDONS: Mapping[str, Mapping[KubernetesVersion, str]] = {
    "coredns": {
        "1.33": "v1.12.4-eksbuild.29",
        "1.34": "v1.12.4-eksbuild.29",
        "1.35": "v1.13.2-eksbuild.21",
        "1.36": "v1.14.3-eksbuild.23",
    },
    "kube-proxy": {
        "1.33": "v1.33.10-eksbuild.21",
        "1.34": "v1.34.6-eksbuild.21",
        "1.35": "v1.35.3-eksbuild.21",
        "1.36": "v1.36.0-eksbuild.21",
    },
    "eks-pod-identity-agent": dict.fromkeys(SUPPORT, "v1.3.10-eksbuild.3"),
    "metrics-server": {
        "1.33": "v0.8.1-eksbuild.14",
        "1.34": "v0.9.0-eksbuild.7",
        "1.35": "v0.9.0-eksbuild.7",
        "1.36": "v0.9.0-eksbuild.11",
    },
    "amazon-cloudwatch-observability": dict.fromkeys(SUPPORT, "v6.4.0-eksbuild.1"),
}
"""The build of each add-on, moved on purpose only: what `aws eks describe-addon-versions` answered in public accounts
between August and October 2026. `switchyard doctor` asks whether AWS still offers them."""

NEEDED: Mapping[Compute, tuple[str, ...]] = {
    Compute.FARGATE: ("coredns", "metrics-server"),
    Compute.EC2: ("metrics-server", "amazon-cloudwatch-observability"),
    Compute.DATACENTER: (
        "coredns",
        "kube-proxy",
        "eks-pod-identity-agent",
        "metrics-server",
        "amazon-cloudwatch-observability",
    ),
}
"""By the machines the add-ons that are not built in. Auto Mode's nodes bring the CNI, CoreDNS, kube-proxy, the Pod
Identity agent and the EBS driver themselves; each Fargate pod's own machine brings CNI and kube-proxy, and takes
neither an agent nor a disk; hybrid nodes bring nothing, and their CNI is no add-on (Amazon EKS user guide: Auto Mode;
AWS add-ons, compatible compute types; add-ons for hybrid nodes)."""


def today() -> date:
    """The day by which support is judged, in UTC."""
    return datetime.now(UTC).date()


def refusal(version: KubernetesVersion, day: date) -> str | None:
    """Why there can be no cluster of this version on that day; None while AWS supports it in any way."""
    if day <= (ended := SUPPORT[version].extended):
        return None
    return f"Kubernetes {version} left extended support on {ended}; AWS upgrades such clusters by itself"


def warning(version: KubernetesVersion, day: date) -> str | None:
    """What a cluster of this version costs once standard support has ended, and the repair; None until then."""
    support = SUPPORT[version]
    if day <= support.standard:
        return None
    return (
        f"cluster.version: Kubernetes {version} left standard support on {support.standard};"
        f" until {support.extended} the cluster costs six times as much: {repair()}"
    )


def repair() -> str:
    """The command that asks for the newest version."""
    return f"pulumi config set --path cluster.version {list(SUPPORT)[-1]}"


def support_type(version: KubernetesVersion, day: date) -> str:
    """The cluster's upgrade policy. `STANDARD` never costs more unasked, but AWS keeps no cluster of it on a version
    whose standard support has ended (Amazon EKS user guide, cluster upgrade policy).
    """
    return "STANDARD" if day <= SUPPORT[version].standard else "EXTENDED"
