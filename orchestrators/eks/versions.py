"""Kubernetes versions on Amazon EKS and how long AWS supports them."""

from dataclasses import dataclass
from datetime import date

from stackconfig import Invalid, SettingsError


@dataclass(frozen=True, slots=True)
class Support:
    """The last day of standard support, and of extended support, which costs six times as much per cluster."""

    standard: date
    extended: date


SUPPORT = {
    "1.33": Support(date(2026, 7, 29), date(2027, 7, 29)),
    "1.34": Support(date(2026, 12, 2), date(2027, 12, 2)),
    "1.35": Support(date(2027, 3, 27), date(2028, 3, 27)),
    "1.36": Support(date(2027, 8, 2), date(2028, 8, 2)),
}
"""Amazon EKS user guide, Kubernetes release calendar, as of November 2026."""


def check(version: str, today: date) -> str | None:
    """A warning when standard support has ended, else None.

    Raises:
        SettingsError: the version is unknown or out of extended support.
    """
    newest = max(SUPPORT, key=_order)
    repair = f"pulumi config set --path cluster.version {newest}"
    support = SUPPORT.get(version)
    if support is None:
        message = f"EKS has no Kubernetes {version!r} that this program knows; it knows {', '.join(SUPPORT)}"
        raise SettingsError([Invalid("cluster.version", message, repair)])
    if today > support.extended:
        message = (
            f"Kubernetes {version} left extended support on {support.extended}; AWS upgrades such clusters by itself"
        )
        raise SettingsError([Invalid("cluster.version", message, repair)])
    if today > support.standard:
        return (
            f"cluster.version: Kubernetes {version} left standard support on {support.standard};"
            f" until {support.extended} the cluster costs six times as much: {repair}"
        )
    return None


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
