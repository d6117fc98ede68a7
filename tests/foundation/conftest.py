from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from foundation.data import Data, DataArgs
from foundation.edge import Edge, EdgeArgs
from foundation.images import Images, ImagesArgs
from foundation.key import Key, KeyArgs
from foundation.names import Names
from foundation.network import Network, NetworkArgs
from foundation.routes import Routes, RoutesArgs
from foundation.secrets import Secrets, SecretsArgs
from settings import (
    Compute,
    EdgeSettings,
    NetworkSettings,
    Orchestrator,
    Placement,
    RegistrySettings,
    SiteSettings,
    Size,
)
from tests.foundation.portal import portal
from tests.support.pulumi_run import ACCOUNT, REGION, Run, run
from workload.model import Workload

CERTIFICATE = f"arn:aws:acm:{REGION}:111122223333:certificate/00000000-0000-0000-0000-000000000000"
ECS = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE, weight=90)
EKS = Placement(orchestrator=Orchestrator.EKS, compute=Compute.EC2, weight=10)
PLAIN, SMALL_NETWORK, NO_SITE = EdgeSettings(http=True), NetworkSettings(), SiteSettings()
NO_ACCOUNTS = RegistrySettings()
MANAGED = ("db", "cache")


class Foundation:
    """All components as `__main__` makes them, and what they registered."""

    def __init__(
        self,
        stack: str,
        *,
        workload: Workload | None = None,
        size: Size = Size.SMALL,
        protect: bool = False,
        edge: EdgeSettings = PLAIN,
        network: NetworkSettings = SMALL_NETWORK,
        site: SiteSettings = NO_SITE,
        placements: Sequence[Placement] = (ECS, EKS),
        registries: RegistrySettings = NO_ACCOUNTS,
        prebuilt: Mapping[str, str] | None = None,
        then: Callable[["Foundation"], object] = lambda _: None,
    ) -> None:
        self._described, self._then = workload or portal(), then
        self._settings = {"size": size, "protect": protect, "edge": edge, "network": network, "registries": registries}
        self._site, self._placements = site, placements
        self._prebuilt, self.names = prebuilt or {}, Names("portal", stack)
        self.run: Run = run(self._program)

    def _program(self) -> None:
        described, protect = self._described, self._settings["protect"]
        placements = self._placements
        common: dict[str, Any] = {"workload": described, "names": self.names, "tags": {"stack": self.names.stack}}
        self.network = Network(
            "network",
            NetworkArgs(
                **common,
                managed=MANAGED,
                placements=placements,
                account=ACCOUNT,
                region=REGION,
                settings=self._settings["network"],
                edge=self._settings["edge"],
                site=self._site,
            ),
        )
        self.edge = Edge(
            "edge",
            EdgeArgs(
                **common,
                account=ACCOUNT,
                placements=placements,
                network=self.network,
                settings=self._settings["edge"],
                protect=protect,
            ),
        )
        key = Key("key", KeyArgs(names=self.names, account=ACCOUNT, region=REGION, tags={}, protect=protect))
        self.secrets = Secrets("secrets", SecretsArgs(**common, key_arn=key.arn, protect=protect))
        self.data = Data(
            "data",
            DataArgs(
                **common,
                managed=MANAGED,
                account=ACCOUNT,
                network=self.network,
                secrets=self.secrets,
                key_arn=key.arn,
                size=self._settings["size"],
                protect=protect,
            ),
        )
        self.images = Images(
            "images",
            ImagesArgs(
                **common,
                managed=MANAGED,
                account=ACCOUNT,
                key_arn=key.arn,
                prebuilt=self._prebuilt,
                registries=self._settings["registries"],
                root=Path("/src"),
                copied=self._settings["network"].egress == "endpoints",
                protect=protect,
            ),
        )
        Routes(
            "routes",
            RoutesArgs(workload=described, placements=placements, edge=self.edge, ready=(self.network,), tags={}),
        )
        self._then(self)


@pytest.fixture(scope="session")
def dev() -> Foundation:
    return Foundation("dev")


@pytest.fixture(scope="session")
def private() -> Foundation:
    """Without a way out."""
    return Foundation("private", network=NetworkSettings(egress="endpoints"))


@pytest.fixture(scope="session")
def prod() -> Foundation:
    return Foundation(
        "prod",
        size=Size.PRODUCTION,
        protect=True,
        edge=EdgeSettings(certificate_arn=CERTIFICATE),
        network=NetworkSettings(zones=3, egress="nat-per-zone"),
    )
