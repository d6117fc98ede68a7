"""What `plan` says that `pulumi_eks.Cluster` hides, against the component itself where its plugin is on PATH."""

import shutil
import warnings

import pytest

from orchestrators.eks.hidden import CLUSTER_CHILDREN
from tests.engine.project import project


@pytest.fixture
def account(cli, tmp_path):
    if shutil.which("pulumi-resource-eks") is None:
        message = "pulumi-resource-eks is not on PATH, so the table of what pulumi_eks.Cluster hides was not checked"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    with project(tmp_path, real=["eks"]) as made:
        yield made


@pytest.mark.parametrize("compute", ["fargate", "ec2"])
def test_the_table_names_every_child_of_the_real_component(account, compute):
    account.place("dev", f"eks-{compute}")
    found = set()

    def note(event):
        if event.resource_pre_event:
            path, name = event.resource_pre_event.metadata.urn.split("::")[2:]
            if "eks:index:Cluster$" in path:
                found.add((path.rpartition("$")[2], name))

    account.stack("dev").preview(on_event=note)
    assert found == {(child.type, f"eks-{compute}-cluster-{child.suffix}") for child in CLUSTER_CHILDREN}
