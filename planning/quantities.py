"""Kubernetes quantities of a container as numbers."""

from orchestrators.documents import Document

_MIB = 1024**2
_UNITS = {"": 1, "Ki": 1024, "Mi": _MIB, "Gi": 1024 * _MIB}


def vcpu(container: Document, kind: str = "limits") -> float:
    quantity = container["resources"][kind]["cpu"]
    return int(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def mib(container: Document, kind: str = "limits") -> float:
    quantity = container["resources"][kind]["memory"]
    digits = quantity.rstrip("KMGi")
    return int(digits) * _UNITS[quantity[len(digits) :]] / _MIB
