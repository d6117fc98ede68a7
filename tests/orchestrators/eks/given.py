"""What the component is given in these tests: the sample's shape, and a network that notes whom it lets in."""

from types import SimpleNamespace

import pulumi

from foundation.data import Endpoint
from foundation.secrets import SecretRef
from foundation.targets import TargetGroup
from orchestrators.base import OrchestratorArgs
from settings import ClusterSettings
from tests.orchestrators.eks.portal import MANAGED, NAMES, portal
from tests.support.pulumi_run import ACCOUNT

known = pulumi.Output.from_input


class Parked(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("test:index:Parked", "parking-rule")


def arguments(placement, version="v1", cidrs=(), **changes):
    workload = portal()
    admitted, private = [], []
    network = SimpleNamespace(
        vpc_id=known("vpc-1"),
        cidr="10.0.0.0/16",
        private_subnet_ids=[known("subnet-a"), known("subnet-b")],
        security_groups={unit: known(f"sg-{unit}") for unit in workload.units},
        admit=lambda name, group: admitted.append(name),
        admitted=admitted,
        to_endpoints=lambda name, group: private.append(name),
        private=private,
    )
    target = TargetGroup(
        arn=known("arn:web"),
        arn_suffix=known("web"),
        balancer_suffix=known("app/portal"),
        port=8000,
        parking_rule=Parked(),
    )
    fields = {
        "workload": workload,
        "placement": placement,
        "names": NAMES,
        "account": known(ACCOUNT),
        "region": "eu-central-1",
        "network": network,
        "targets": {"web": target},
        "endpoints": {
            name: Endpoint(host=f"{name}.internal", port="5432", scheme="rediss", sslmode="require") for name in MANAGED
        },
        "secrets": {
            "db_password": SecretRef(arn=known("arn:secret"), key_arn=known("arn:key"), version=known(version))
        },
        "images": {name: f"repository/{name}@sha256:0" for name in workload.units},
        "repositories": {},
        "key_arn": known("arn:key"),
        "cluster": ClusterSettings(public_access_cidrs=tuple(cidrs)),
        "protect": True,
        "tags": {"stack": "prod"},
    }
    return OrchestratorArgs(**{**fields, **changes})
