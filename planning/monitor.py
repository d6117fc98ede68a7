"""The mocks' monitor without resource references: what records a program, for the plan or in tests, is made of it."""

from typing import Any

from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2


class Monitor(MockMonitor):
    """A resource that is an input is given by its id. The mocks would bring a reference back to life in a thread whose
    event loop nobody runs: now and then the program would wait for it for ever.
    """

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: ANN401, N802 (gRPC's names and untyped messages)
        features = super().GetDeploymentInfo(request).supportedFeatures  # type: ignore[no-untyped-call]  # the SDK's mocks carry no types
        references = resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES
        return resource_pb2.DeploymentInfo(supportedFeatures=[each for each in features if each != references])
