"""The APIs that the program itself asks, from `Cloud`: ECS, targets, the Kubernetes API of a cluster, and SES; and KMS,
which the engine asks.
"""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.engine.standin.cloud import Cloud

MACHINE = "machine"
"""The type of an object that stands for a machine of a data centre which has joined."""

_KINDS = {"deployments": "apps/v1:Deployment", "statefulsets": "apps/v1:StatefulSet", "jobs": "batch/v1:Job"}

_HEALTHY = b"""<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><member>
<TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions></DescribeTargetHealthResult>
</DescribeTargetHealthResponse>"""
"""What Elastic Load Balancing, which speaks XML, says of every target."""

_SES = {
    "/v2/email": {"SendingEnabled": True, "ProductionAccessEnabled": True},
    "/v2/email/identities": {"VerifiedForSendingStatus": True, "DkimAttributes": {"Status": "SUCCESS"}},
}
"""What SES says of the account and of every identity; no address is suppressed."""


@contextmanager
def serving(cloud: Cloud) -> Iterator[str]:
    """The address at which both answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if "X-Amz-Target" not in self.headers:
                return self._send(_HEALTHY)
            service, _, action = self.headers["X-Amz-Target"].rpartition(".")
            asked = json.loads(content)
            return self._answer(_kms(action, asked) if service == "TrentService" else _ecs(cloud, action, asked))

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            found = _SES.get(path.rpartition("/")[0]) if path.startswith("/v2/") else _kubernetes(cloud, path)
            missing = {"message": f"{self.path} not found", "code": "NotFoundException"}
            self._answer(found or missing, 200 if found else 404)

        def _answer(self, content: Any, status: int = 200) -> None:
            self._send(json.dumps(content).encode(), status)

        def _send(self, data: bytes, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _kms(action: str, request: Mapping[str, Any]) -> Any:
    """The key of the engine's own secrets; each byte of what it encrypts is another."""
    given, taken = ("Plaintext", "CiphertextBlob") if action == "Encrypt" else ("CiphertextBlob", "Plaintext")
    turned = bytes(byte ^ 0xFF for byte in base64.b64decode(request[given]))
    return {"KeyId": "key", taken: base64.b64encode(turned).decode()}


def _ecs(cloud: Cloud, action: str, request: Mapping[str, Any]) -> Any:
    match action:
        case "RunTask":
            arn = request["taskDefinition"]
            with cloud.call("run", "ecs:task", arn):
                containers = [
                    {"name": c["name"], "exitCode": 0, "lastStatus": "STOPPED"} for c in _containers(cloud, arn)
                ]
                return {"tasks": [{"taskArn": f"{arn}/task", "lastStatus": "STOPPED", "containers": containers}]}
        case "ListContainerInstances":
            return {"containerInstanceArns": [machine.id for machine in cloud.objects(MACHINE)]}
        case "DescribeServices":
            clusters = [c for c in cloud.objects("aws:ecs/cluster:Cluster") if c.inputs["name"] == request["cluster"]]
            here = [o for o in cloud.objects("aws:ecs/service:Service") if o.inputs["cluster"] in _arns(clusters)]
            return {"services": [_service(o) for o in here if o.inputs["name"] in request["services"]]}
    raise LookupError(action)


def _arns(found: Any) -> Any:
    return {each.outputs["arn"] for each in found}


def _containers(cloud: Cloud, arn: str) -> Any:
    for found in cloud.objects("aws:ecs/taskDefinition:TaskDefinition"):
        if found.outputs["arn"] == arn:
            return json.loads(found.inputs["containerDefinitions"])
    raise LookupError(arn)


def _service(found: Any) -> Any:
    return {
        "serviceName": found.inputs["name"],
        "deployments": [
            {
                "id": f"ecs-svc/{found.id}",
                "status": "PRIMARY",
                "taskDefinition": found.inputs["taskDefinition"],
                "rolloutState": "COMPLETED",
            }
        ],
    }


def _kubernetes(cloud: Cloud, path: str) -> Any:
    """The nodes, or a Deployment, StatefulSet or Job whose controller has done what was asked for."""
    if path == "/api/v1/nodes":
        ready = [{"type": "Ready", "status": "True"}]
        machines = cloud.objects(MACHINE)
        return {"items": [{"metadata": {"name": m.id}, "status": {"conditions": ready}} for m in machines]}
    *_, namespace, plural, name = path.split("/")
    for found in cloud.objects(f"kubernetes:{_KINDS[plural]}"):
        metadata = found.inputs["metadata"]
        if (metadata.get("namespace"), metadata["name"]) == (namespace, name):
            replicas = found.inputs["spec"].get("replicas", 1)
            counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), replicas)
            complete = [{"type": "Complete", "status": "True"}]
            return {
                "metadata": {**metadata, "uid": f"uid-of-{name}", "generation": 1},
                "spec": {**found.inputs["spec"], "replicas": replicas},
                "status": {"observedGeneration": 1, "conditions": complete, **counts},
            }
    return None
