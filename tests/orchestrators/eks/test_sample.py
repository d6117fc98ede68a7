"""The sample with its database in a container, as `compose.restricted.yaml` makes it fit for EKS."""

from pathlib import Path

import stackfiles
from foundation.names import Names
from orchestrators.eks.render import render
from stack import open_stack
from tests.orchestrators.eks.portal import EC2

ROOT = Path(__file__).resolve().parents[3]
LAID_OVER = ["compute=ec2", "orchestrator=eks", "managed=[]", 'workload=["compose.yaml","compose.restricted.yaml"]']


def test_the_database_runs_as_its_own_user_in_a_folder_of_its_own_below_the_volume():
    project, config = stackfiles.read(ROOT, "dev", LAID_OVER)
    settings, workload = open_stack(config, project=project, stack="dev", root=ROOT)
    manifests = render(workload, EC2, Names(project, "dev"), settings.managed)
    (database,) = (d["spec"]["template"]["spec"] for d in manifests.core if d["kind"] == "StatefulSet")
    (container,) = database["containers"]
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    (volume,) = (m["mountPath"] for m in container["volumeMounts"] if m["name"] == "data-db")
    assert database["securityContext"]["runAsUser"] == database["securityContext"]["fsGroup"] == 999
    assert Path(variables["PGDATA"]).parent == Path(volume)
