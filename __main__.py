"""names -> network -> edge -> data -> images -> orchestrators -> routes -> alerting -> exports. Nothing flows back."""

import gc

gc.disable()  # a process of seconds that keeps nearly all it makes, modules first: collecting costs a sixth of it

from dataclasses import asdict
from pathlib import Path
from typing import cast

import pulumi
import pulumi_aws as aws

import stack
from alerting import Alerting, AlertingArgs
from alerting.preflight import preflight
from foundation.content import Content, ContentArgs
from foundation.data import Data, DataArgs
from foundation.edge import Edge, EdgeArgs
from foundation.images import Images, ImagesArgs
from foundation.keeper import Keeper, KeeperArgs
from foundation.key import Key, KeyArgs
from foundation.names import Names
from foundation.network import Network, NetworkArgs
from foundation.routes import Routes, RoutesArgs
from foundation.secrets import Secrets, SecretsArgs
from foundation.stores import stores, texts
from foundation.weights import weights
from orchestrators import registry
from orchestrators.base import OrchestratorArgs
from policy.hold import hold

settings, workload = stack.current()
names = Names(settings.project, settings.stack)
tags = {"project": settings.project, "stack": settings.stack, **settings.tags}
protect = settings.protect
account = aws.get_caller_identity_output().account_id
hold()
preflight(settings)

record = KeeperArgs(
    stores=texts(stores(workload, settings)),
    weights=weights(workload, settings, names),
    lose=settings.lose,
    stack=settings.stack,
)
# Everything waits until the keeper has agreed.
agreed = pulumi.ResourceOptions(depends_on=Keeper("keeper", record))

outside = registry.outside(workload, settings)
network = Network(
    "network",
    NetworkArgs(
        workload=workload,
        managed=settings.managed,
        placements=settings.placements,
        names=names,
        account=account,
        region=settings.region,
        settings=settings.network,
        edge=settings.edge,
        site=settings.site,
        called=outside.services,
        tags=tags,
    ),
    agreed,
)
edge = Edge(
    "edge",
    EdgeArgs(
        workload=workload,
        placements=settings.placements,
        names=names,
        account=account,
        network=network,
        settings=settings.edge,
        shifts=settings.shifts,
        protect=protect,
        tags=tags,
    ),
    agreed,
)
key = Key("key", KeyArgs(names=names, account=account, region=settings.region, protect=protect, tags=tags), agreed)
secrets = Secrets(
    "secrets",
    SecretsArgs(workload=workload, names=names, key_arn=key.arn, protect=protect, tags=tags),
    agreed,
)
data = Data(
    "data",
    DataArgs(
        workload=workload,
        managed=settings.managed,
        names=names,
        account=account,
        network=network,
        secrets=secrets,
        key_arn=key.arn,
        size=settings.size,
        protect=protect,
        tags=tags,
    ),
    agreed,
)
images = Images(
    "images",
    ImagesArgs(
        workload=workload,
        managed=settings.managed,
        names=names,
        account=account,
        key_arn=key.arn,
        prebuilt=settings.images,
        registries=settings.registries,
        root=Path(pulumi.get_root_directory()),
        copied=settings.network.egress == "endpoints",
        addons=outside.images,
        protect=protect,
        tags=tags,
    ),
    agreed,
)
content = Content(
    "content",
    ContentArgs(
        workload=workload,
        managed=settings.managed,
        placements=settings.placements,
        names=names,
        references=images.references,
        repositories=images.repositories,
        prebuilt=settings.images,
        key_arn=key.arn,
        protect=protect,
        tags=tags,
    ),
    agreed,
)
orchestrators = [
    registry.component(placement)(
        placement.key,
        OrchestratorArgs(
            workload=workload,
            placement=placement,
            names=names,
            account=account,
            region=settings.region,
            network=network,
            targets=edge.targets(placement),
            endpoints=data.endpoints,
            secrets=secrets.refs,
            images=content.references,
            repositories=content.repositories,
            copies=images.copies,
            key_arn=key.arn,
            cluster=settings.cluster,
            ecs=settings.ecs,
            site=settings.site,
            protect=protect,
            tags=tags,
        ),
        agreed,
    )
    for placement in settings.placements
]
routes = Routes(
    "routes",
    RoutesArgs(
        workload=workload,
        placements=settings.placements,
        edge=edge,
        ready=[resource for orchestrator in orchestrators for resource in orchestrator.ready],
        tags=tags,
    ),
    agreed,
)
alerting = Alerting(
    "alerting",
    AlertingArgs(
        workload=workload,
        names=names,
        region=settings.region,
        settings=settings.alerts,
        managed=settings.managed,
        running={each.key: on.running for each, on in zip(settings.placements, orchestrators, strict=True)},
        images=images.references,
        signals=[*edge.signals, *data.signals, *(s for each in orchestrators for s in each.signals)],
        events=[event for each in orchestrators for event in each.events],
        tags=tags,
    ),
    agreed,
)

everything = [network, edge, key, secrets, data, images, content, *orchestrators, routes, alerting]
Keeper("kept", record, pulumi.ResourceOptions(depends_on=cast("list[pulumi.Resource]", everything)))

pulumi.export("url", edge.url)
pulumi.export("mail_records", alerting.mail_records)
pulumi.export(
    "services",
    {
        placement.key: {name: asdict(service) for name, service in orchestrator.running.items()}
        for placement, orchestrator in zip(settings.placements, orchestrators, strict=True)
    },
)
for placement, orchestrator in zip(settings.placements, orchestrators, strict=True):
    for name, value in orchestrator.exports.items():
        pulumi.export(f"{placement.key}-{name}", value)
ledger = [
    *edge.ledger,
    *routes.ledger,
    *secrets.ledger,
    *data.ledger,
    *images.ledger,
    *(owned for each in orchestrators for owned in each.ledger),
]
pulumi.export("ledger", [asdict(owned) for owned in sorted(ledger)])
