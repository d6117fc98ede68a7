"""Rendered documents as Pulumi resources: one each, in an order that neither `up` nor `destroy` sticks in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

from foundation.ledger import Owned, ignored
from orchestrators.documents import Document, bind, digest, resolve
from orchestrators.eks.render.kubernetes import object_name
from orchestrators.eks.waits import Rollout
from workload.model import Workload
from workload.text import Ref

WORKLOADS = frozenset({"Deployment", "StatefulSet", "Job", "CronJob"})
AWAITED = frozenset({"Deployment", "StatefulSet", "Job"})
AUTOSCALERS = frozenset({"HorizontalPodAutoscaler", "ScaledObject"})
AFTER_WORKLOADS = AUTOSCALERS | {"PodDisruptionBudget"}

AWAIT: Mapping[str, Mapping[str, str]] = {
    # The provider would wait for the Service's pods, which wait for what waits for the Service.
    "Service": {"pulumi.com/skipAwait": "true"},
    # Its claim, which stays, would hold it: the data is on the machine either way.
    "PersistentVolume": {"pulumi.com/skipAwait": "true"},
    # `Rollout` tells the truth of these, sooner and with the pods' own reasons.
    **{kind: {"pulumi.com/skipAwait": "true"} for kind in sorted(AWAITED)},
    # Pods mount the Secret behind it: it is ready once that Secret is there.
    "ExternalSecret": {"pulumi.com/waitFor": "condition=Ready"},
}


class Manifest(pulumi.CustomResource):
    """One Kubernetes object exactly as rendered, under the type that the Kubernetes provider gives its kind."""

    def __init__(self, name: str, document: Document, opts: pulumi.ResourceOptions) -> None:
        version = document["apiVersion"]
        group = version if "/" in version else f"core/{version}"
        super().__init__(f"kubernetes:{group}:{document['kind']}", name, document, opts)


class Applier:
    """Puts documents into one cluster as children of `parent`."""

    def __init__(
        self,
        name: str,
        *,
        values: Mapping[str, pulumi.Input[str]],
        provider: pulumi.ProviderResource,
        parent: pulumi.Resource,
        ledger: Sequence[Owned],
        kubeconfig: pulumi.Input[str],
    ) -> None:
        self._kubeconfig = kubeconfig
        self._name, self._values, self._provider, self._parent = name, values, provider, parent
        self._ledger = ledger

    def apply(self, document: Document, after: Iterable[pulumi.Resource]) -> Manifest:
        name = resource_name(self._name, document)
        bound: dict[str, Any] = bind(document, self._values)
        if annotations := AWAIT.get(document["kind"]):
            bound["metadata"] = {**bound["metadata"], "annotations": dict(annotations)}
        opts = pulumi.ResourceOptions(
            parent=self._parent,
            provider=self._provider,
            depends_on=list(after),
            ignore_changes=ignored(self._ledger, name),
        )
        return Manifest(name, bound, opts)

    def chain(self, documents: Iterable[Document], after: Iterable[pulumi.Resource]) -> list[Manifest]:
        """One after the other: each may need what stands before it."""
        waits, made = list(after), list[Manifest]()
        for document in documents:
            made.append(self.apply(document, waits))
            waits = [*after, made[-1]]
        return made

    def workload(
        self, documents: Sequence[Document], workload: Workload, after: Sequence[pulumi.Resource]
    ) -> dict[str, pulumi.Resource]:
        """Surroundings first, then what runs in the order of `depends_on`, then what watches it.

        Gives what stands once a service or job became what was asked for, by its name.
        """
        running = {unit_of(document, workload): document for document in documents if document["kind"] in WORKLOADS}
        watching = [document for document in documents if document["kind"] in AFTER_WORKLOADS]
        rest = [d for d in documents if d["kind"] not in WORKLOADS | AFTER_WORKLOADS]
        stores = [self.apply(d, after) for d in rest if d["kind"] == "SecretStore"]
        surroundings = stores + [self.apply(d, [*after, *stores]) for d in rest if d["kind"] != "SecretStore"]
        made: dict[str, pulumi.Resource] = {}

        def run(unit: str) -> pulumi.Resource:
            if unit not in made:
                needed = [
                    run(dependency.service)
                    for container in workload.units[unit].containers
                    for dependency in container.depends_on
                    if dependency.service in running and dependency.service != unit
                ]
                manifest = self.apply(running[unit], [*after, *surroundings, *needed])
                made[unit] = self._truth(running[unit], manifest)
            return made[unit]

        for unit in running:
            run(unit)
        for document in watching:
            self.apply(document, [*after, made[unit_of(document, workload)]])
        return made

    def _truth(self, document: Document, manifest: Manifest) -> pulumi.Resource:
        """What stands when the pods of `manifest` run; the manifest itself of what runs by the clock."""
        if document["kind"] not in AWAITED:
            return manifest
        return Rollout(
            f"{resource_name(self._name, document)}-rollout",
            kubeconfig=self._kubeconfig,
            namespace=document["metadata"]["namespace"],
            kind=document["kind"],
            object_name=bind(document["metadata"]["name"], self._values),
            content=resolve(document["spec"], self._values).apply(digest),
            opts=pulumi.ResourceOptions(parent=self._parent, depends_on=[manifest]),
        )


def resource_name(name: str, document: Document) -> str:
    """The Pulumi name of a document: its kind and name, or what a name that changes with its content stands for."""
    own = document["metadata"]["name"]
    return f"{name}-{document['kind'].lower()}-{own.path.partition('.')[2] if isinstance(own, Ref) else own}"


def unit_of(document: Document, workload: Workload) -> str:
    """The service or job that a document belongs to."""
    label = document["metadata"]["labels"]["app.kubernetes.io/name"]
    return next(unit for unit in workload.units if object_name(unit) == label)
