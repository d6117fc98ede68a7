"""An add-on that EKS manages, in the version that is pinned for the cluster's."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from orchestrators.base import OrchestratorArgs
from orchestrators.documents import canonical
from orchestrators.eks.versions import ADDONS


def addon(
    name: str,
    cluster: str,
    addon_name: str,
    args: OrchestratorArgs,
    opts: pulumi.ResourceOptions,
    *,
    configuration: Mapping[str, Any] | None = None,
    pod_identity_associations: Sequence[Any] = (),
) -> aws.eks.Addon:
    """`configuration` is by the add-on's own schema (`aws eks describe-addon-configuration`)."""
    return aws.eks.Addon(
        name,
        cluster_name=cluster,
        addon_name=addon_name,
        addon_version=ADDONS[addon_name][args.cluster.version],
        configuration_values=canonical(configuration) if configuration else None,
        pod_identity_associations=list(pod_identity_associations) or None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        tags=dict(args.tags),
        opts=opts,
    )
