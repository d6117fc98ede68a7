"""What the components register, as the engine would get it."""

import asyncio
import json
from collections import deque
from dataclasses import replace
from typing import TypeVar

import pulumi
import pytest

from foundation.data import Endpoint
from foundation.signals import Metric, Missing
from settings import Size
from tests.foundation.conftest import CERTIFICATE, ECS, EKS, Foundation
from tests.foundation.portal import portal, secret, workload
from tests.support.pulumi_run import ACCOUNT, REGION, Run
from workload.model import Managed, Service

STATEFUL = (
    "rds/instance:Instance",
    "elasticache/replicationGroup:ReplicationGroup",
    "kms/key:Key",
    "ecr/repository:Repository",
    "secretsmanager/secret:Secret",
    "lb/loadBalancer:LoadBalancer",
    "s3/bucket:Bucket",
)
T = TypeVar("T")
INGRESS, EGRESS = "securityGroupIngressRule:SecurityGroupIngressRule", "securityGroupEgressRule:SecurityGroupEgressRule"


def resolved(value: pulumi.Input[T]) -> T:
    """The value of an Output of a program that has finished."""
    return asyncio.run(value.future()) if isinstance(value, pulumi.Output) else value


def reached(run: Run, start: str) -> set[str]:
    """Every group that an opened connection from `start` leads to, where both sides' rules agree on the port."""
    let_out = {
        (rule.inputs["securityGroupId"], rule.inputs["referencedSecurityGroupId"], rule.inputs["fromPort"])
        for rule in run.of(EGRESS)
        if "referencedSecurityGroupId" in rule.inputs
    }
    let_in = {
        (
            rule.inputs.get("referencedSecurityGroupId", rule.inputs.get("cidrIpv4")),
            rule.inputs["securityGroupId"],
            rule.inputs["fromPort"],
        )
        for rule in run.of(INGRESS)
    }
    edges = {(a, b) for a, b, port in let_in if a == "0.0.0.0/0" or (a, b, port) in let_out}
    seen, queue = set(), deque([start])
    while queue:
        here = queue.popleft()
        for a, b in edges:
            if a == here and b not in seen:
                seen.add(b)
                queue.append(b)
    return seen


def direct(run: Run, group: str) -> set[str]:
    """Who may open a connection to `group`."""
    return {
        rule.inputs.get("referencedSecurityGroupId", rule.inputs.get("cidrIpv4"))
        for rule in run.of(INGRESS)
        if rule.inputs["securityGroupId"] == group
    }


def unit(name: str) -> str:
    return f"network-unit-{name}:SecurityGroup"


def test_the_internet_opens_connections_to_the_edge_alone(dev: Foundation) -> None:
    groups = {rule.inputs["securityGroupId"] for rule in dev.run.of(INGRESS) if "cidrIpv4" in rule.inputs}
    assert groups == {"network-edge:SecurityGroup"}


def test_a_request_travels_from_the_edge_along_the_links(dev: Foundation) -> None:
    assert reached(dev.run, "network-edge:SecurityGroup") == {unit("web"), unit("api"), unit("db"), unit("cache")}


def test_the_database_hears_its_clients_alone(dev: Foundation) -> None:
    assert direct(dev.run, unit("db")) == {unit("api"), unit("worker"), unit("migrate")}


def test_the_default_security_group_is_empty(dev: Foundation) -> None:
    inputs = dev.run.one("ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs
    assert not {"ingress", "egress"} & inputs.keys()


def test_no_security_group_has_rules_of_its_own(dev: Foundation) -> None:
    assert not [g.name for g in dev.run.of("securityGroup:SecurityGroup") if {"ingress", "egress"} & g.inputs.keys()]


def test_open_egress_is_https_only(dev: Foundation) -> None:
    ports = {
        (rule.inputs["fromPort"], rule.inputs["toPort"])
        for rule in dev.run.of(EGRESS)
        if rule.inputs.get("cidrIpv4") == "0.0.0.0/0"
    }
    assert ports == {(443, 443)}


@pytest.mark.parametrize("key", ["mapPublicIpOnLaunch", "publiclyAccessible", "associatePublicIpAddress"])
def test_nothing_gets_a_public_address(dev: Foundation, key: str) -> None:
    assert not [each.name for each in dev.run.resources if each.inputs.get(key)]


def test_public_subnets_hold_the_load_balancer_and_the_nat_gateway_alone(dev: Foundation) -> None:
    public = {f"network-public-{index}:Subnet" for index in range(2)}
    users = {
        each.type.rpartition(":")[2]
        for each in dev.run.resources
        if public
        & set(
            map(str, [*each.inputs.get("subnets", ()), *each.inputs.get("subnetIds", ()), each.inputs.get("subnetId")])
        )
    }
    assert users == {"LoadBalancer", "NatGateway", "RouteTableAssociation"}


def test_isolated_subnets_have_no_way_out(dev: Foundation) -> None:
    assert not [route for route in dev.run.of("ec2/route:Route") if "isolated" in route.inputs["routeTableId"]]


def test_data_lies_in_the_isolated_subnets(dev: Foundation) -> None:
    groups = [*dev.run.of("rds/subnetGroup:SubnetGroup"), *dev.run.of("elasticache/subnetGroup:SubnetGroup")]
    isolated = [f"network-isolated-{index}:Subnet" for index in range(2)]
    assert [each.inputs["subnetIds"] for each in groups] == [isolated, isolated]


def test_one_nat_gateway_serves_a_small_stack(dev: Foundation) -> None:
    routes = [each for each in dev.run.of("ec2/route:Route") if "natGatewayId" in each.inputs]
    assert {each.inputs["natGatewayId"] for each in routes} == {"network-nat-0:NatGateway"}
    assert len(routes) == 2


def test_a_nat_gateway_per_zone_serves_its_own_zone(prod: Foundation) -> None:
    used = {
        r.inputs["routeTableId"]: r.inputs["natGatewayId"]
        for r in prod.run.of("ec2/route:Route")
        if "natGatewayId" in r.inputs
    }
    assert used == {f"network-private-{i}:RouteTable": f"network-nat-{i}:NatGateway" for i in range(3)}


def test_every_connection_is_recorded(dev: Foundation) -> None:
    assert dev.run.one("ec2/flowLog:FlowLog").inputs["trafficType"] == "ALL"


def test_nodes_of_a_cluster_are_admitted_to_the_edge_and_the_data_alone() -> None:
    run = Foundation("nodes", then=lambda made: made.network.admit("nodes", "sg-nodes")).run
    entered = {
        rule.inputs["securityGroupId"]
        for rule in run.of(INGRESS)
        if rule.inputs.get("referencedSecurityGroupId") == "sg-nodes"
    }
    assert entered == {unit("db"), unit("cache")}
    assert direct(run, "sg-nodes") == {"network-edge:SecurityGroup"}


def test_two_stacks_share_no_physical_name(dev: Foundation, prod: Foundation) -> None:
    keys = ("name", "identifier", "replicationGroupId", "bucketPrefix", "finalSnapshotIdentifier")

    def named(run: Run) -> set[tuple[str, str]]:
        return {
            (each.type, each.inputs[key])
            for each in run.resources
            for key in keys
            if key in each.inputs and not each.type.endswith("Policy")
        }

    assert named(dev.run)
    assert not named(dev.run) & named(prod.run)


@pytest.mark.parametrize("type_", STATEFUL)
def test_production_protects_what_keeps_state(prod: Foundation, type_: str) -> None:
    assert all(each.protect for each in prod.run.of(type_))
    assert prod.run.of(type_)


@pytest.mark.parametrize("type_", STATEFUL)
def test_a_stack_without_protection_can_be_destroyed(dev: Foundation, type_: str) -> None:
    assert not any(each.protect for each in dev.run.of(type_))


def test_production_refuses_deletion_in_aws_too(prod: Foundation) -> None:
    assert prod.run.one("rds/instance:Instance").inputs["deletionProtection"]
    assert prod.run.one("lb/loadBalancer:LoadBalancer").inputs["enableDeletionProtection"]


def test_production_data_survives_the_loss_of_a_zone(prod: Foundation) -> None:
    assert prod.run.one("rds/instance:Instance").inputs["multiAz"]
    cache = prod.run.one("elasticache/replicationGroup:ReplicationGroup").inputs
    assert (cache["numCacheClusters"], cache["automaticFailoverEnabled"], cache["multiAzEnabled"]) == (2, True, True)


def test_the_stacks_key_is_for_its_own_logs_too_and_else_for_the_accounts_roles(dev: Foundation) -> None:
    account, logs = json.loads(dev.run.one("kms/key:Key").inputs["policy"])["Statement"]
    assert account["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert logs["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    context = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    groups = ["/portal/dev/*/*", "/aws/*/portal-dev-*"]
    assert context == [f"arn:*:logs:{REGION}:{ACCOUNT}:log-group:{group}" for group in groups]


def test_a_production_database_leaves_a_last_snapshot_even_without_protection() -> None:
    inputs = Foundation("lifted", size=Size.PRODUCTION, protect=False).run.one("rds/instance:Instance").inputs
    assert not inputs["skipFinalSnapshot"]
    assert inputs["finalSnapshotIdentifier"] == "portal-lifted-db-final"


def test_data_is_encrypted_with_the_stacks_key(dev: Foundation) -> None:
    key = resolved(dev.secrets.refs["db_password"].key_arn)
    database, cache = dev.run.one("rds/instance:Instance"), dev.run.one("elasticache/replicationGroup:ReplicationGroup")
    assert (database.inputs["storageEncrypted"], database.inputs["kmsKeyId"]) == (True, key)
    assert (cache.inputs["atRestEncryptionEnabled"], cache.inputs["kmsKeyId"]) == (True, key)


def test_the_database_accepts_tls_alone(dev: Foundation) -> None:
    inputs = dev.run.one("rds/parameterGroup:ParameterGroup").inputs
    assert (inputs["family"], inputs["parameters"]) == ("postgres17", [{"name": "rds.force_ssl", "value": "1"}])


def test_storage_that_rds_grows_is_not_shrunk_by_an_update(dev: Foundation) -> None:
    assert dev.run.one("rds/instance:Instance").ignored == ("allocatedStorage",)
    assert [(owned.resource, owned.field) for owned in dev.data.ledger] == [("data-db", "allocated_storage")]


def test_clients_of_data_verify_its_certificate(dev: Foundation) -> None:
    def known(endpoint: Endpoint) -> tuple[str, str, str, str]:
        return resolved(endpoint.host), resolved(endpoint.port), endpoint.scheme, endpoint.sslmode

    assert known(dev.data.endpoints["db"]) == ("data-db.rds.example", "5432", "postgresql", "verify-full")
    assert known(dev.data.endpoints["cache"]) == ("data-cache.cache.example", "6379", "rediss", "verify-full")


def test_no_password_is_given_in_clear(dev: Foundation) -> None:
    for each in dev.run.resources:
        plain = {key for key, value in each.inputs.items() if "plain-" in json.dumps(value, default=str)}
        assert plain <= each.secret, f"{each.name}: {plain - each.secret}"


def test_the_database_and_its_clients_share_one_password(dev: Foundation) -> None:
    database = dev.run.one("rds/instance:Instance").inputs
    entry = dev.run.one("secretsmanager/secretVersion:SecretVersion").inputs
    assert database["passwordWo"] == entry["secretStringWo"] == "plain-secrets-db_password"
    assert database["passwordWoVersion"] == entry["secretStringWoVersion"]


def test_a_cache_without_password_has_no_token(dev: Foundation) -> None:
    inputs = dev.run.one("elasticache/replicationGroup:ReplicationGroup").inputs
    assert not {key for key in inputs if key.startswith("authToken")}
    assert inputs["transitEncryptionMode"] == "required"


def test_a_cache_whose_password_is_named_takes_it_as_its_token() -> None:
    sample = portal()
    cache = Service(
        container=sample.services["cache"].container,
        managed=Managed(engine="valkey", version="8.0", password="cache_password"),
    )
    described = workload(
        {**sample.services, "cache": cache}, sample.jobs, secret("db_password"), secret("cache_password")
    )
    group = Foundation("token", workload=described).run.one("elasticache/replicationGroup:ReplicationGroup")
    assert group.inputs["authTokenWo"] == "plain-secrets-cache_password"
    assert "authTokenWo" in group.secret


def test_an_external_secret_is_looked_up_and_never_made() -> None:
    made = external("shared/db")
    assert not made.run.of("secretsmanager/secret:Secret")
    assert resolved(made.secrets.refs["db_password"].arn).endswith("secret:shared/db")
    assert made.run.one("rds/instance:Instance").inputs["passwordWo"] == "plain-external"


def external(key: str) -> Foundation:
    sample = portal()
    described = workload(sample.services, sample.jobs, secret("db_password", external=True, key=key))
    return Foundation("external", workload=described)


def test_the_value_of_an_external_secret_and_its_fingerprint_stay_secret() -> None:
    assert {"passwordWo", "passwordWoVersion"} <= external("shared/db").run.one("rds/instance:Instance").secret


def test_readers_of_an_external_secret_may_use_the_key_that_it_has() -> None:
    assert resolved(external("own-key").secrets.refs["db_password"].key_arn) == "arn of alias/theirs"


def test_an_external_secret_without_value_is_refused_with_the_repair() -> None:
    with pytest.raises(pulumi.RunError, match="the external secret empty has no value in Secrets Manager"):
        external("empty")


def test_containers_of_one_build_run_one_image(dev: Foundation) -> None:
    repository = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/portal-dev-portal@sha256:{'0' * 64}"
    references = {name: resolved(reference) for name, reference in dev.images.references.items()}
    assert references == {
        **dict.fromkeys(("web", "api", "worker", "migrate"), repository),
        "metrics": "prom/exporter:1",
    }


def test_images_are_scanned_immutable_and_encrypted(dev: Foundation) -> None:
    inputs = dev.run.one("ecr/repository:Repository").inputs
    assert inputs["imageScanningConfiguration"] == {"scanOnPush": True}
    assert inputs["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert inputs["encryptionConfigurations"][0]["encryptionType"] == "KMS"


def test_prebuilt_images_need_no_docker() -> None:
    given = f"registry.example/portal@sha256:{'1' * 64}"
    made = Foundation("ci", prebuilt={"web": given})
    assert not made.run.of("index:Image")
    assert not made.run.of("ecr/repository:Repository")
    assert {made.images.references[name] for name in ("web", "api", "worker", "migrate")} == {given}


def test_the_ledger_says_who_decides_which_image_runs(dev: Foundation) -> None:
    made = Foundation("ci", prebuilt={"web": f"registry.example/portal@sha256:{'1' * 64}"})
    assert [(owned.owner, owned.resource, owned.field) for owned in made.images.ledger] == [
        ("CI", "images-web", "digest")
    ]
    assert {owned.owner for owned in dev.images.ledger} == {"`up`"}
    assert all(owned.applies for owned in (*made.images.ledger, *dev.images.ledger))


def test_without_a_certificate_one_plain_listener_answers_404(dev: Foundation) -> None:
    inputs = dev.run.one("lb/listener:Listener").inputs
    assert (inputs["port"], inputs["protocol"]) == (80, "HTTP")
    assert inputs["defaultActions"][0]["fixedResponse"]["statusCode"] == "404"


def test_with_a_certificate_plain_http_only_redirects(prod: Foundation) -> None:
    plain, tls = prod.run.one("lb/listener:Listener", "edge-http"), prod.run.one("lb/listener:Listener", "edge-https")
    assert plain.inputs["defaultActions"][0]["redirect"]["statusCode"] == "HTTP_301"
    assert (tls.inputs["sslPolicy"], tls.inputs["certificateArn"]) == (
        "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
        CERTIFICATE,
    )


def test_the_load_balancer_rejects_what_could_smuggle_requests(dev: Foundation) -> None:
    inputs = dev.run.one("lb/loadBalancer:LoadBalancer").inputs
    assert (inputs["dropInvalidHeaderFields"], inputs["desyncMitigationMode"]) == (True, "strictest")


def test_access_logs_may_be_written_before_the_load_balancer_names_their_bucket(dev: Foundation) -> None:
    assert "edge-logs" in dev.run.one("lb/loadBalancer:LoadBalancer").depends_on
    statements = json.loads(dev.run.one("s3/bucketPolicy:BucketPolicy").inputs["policy"])["Statement"]
    assert statements[0]["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert statements[0]["Resource"].endswith(f"/AWSLogs/{ACCOUNT}/*")


def test_a_cluster_may_register_targets_in_its_own_groups_alone(dev: Foundation) -> None:
    tags = {group.name: group.inputs["tags"].get("eks:eks-cluster-name") for group in dev.run.of("TargetGroup")}
    assert tags == {"edge-ecs-fargate-web": None, "edge-eks-ec2-web": "portal-dev-eks-ec2"}


@pytest.mark.parametrize(("grace", "delay"), [(10, 30), (90, 90)])
def test_a_target_that_leaves_may_end_its_requests_while_it_may_run(grace: float, delay: int) -> None:
    described = portal()
    web = described.services["web"]
    slow = replace(web, container=replace(web.container, stop_grace_period=grace))
    made = Foundation("dev", workload=replace(described, services={**described.services, "web": slow}))
    assert {group.inputs["deregistrationDelay"] for group in made.run.of("TargetGroup")} == {delay}


def test_each_target_group_is_parked_where_no_request_comes(dev: Foundation) -> None:
    parked = [rule for rule in dev.run.of("ListenerRule") if rule.name.endswith("-parking")]
    assert {rule.inputs["actions"][0]["targetGroupArn"] for rule in parked} == {
        resolved(dev.edge.targets(placement)["web"].arn) for placement in (ECS, EKS)
    }
    assert all(rule.inputs["conditions"] == [{"sourceIp": {"values": ["192.0.2.0/24"]}}] for rule in parked)


def test_requests_are_shared_by_the_placements_weights(dev: Foundation) -> None:
    (action,) = dev.run.one("ListenerRule", "routes-web").inputs["actions"]
    assert {group["arn"]: group["weight"] for group in action["forward"]["targetGroups"]} == {
        resolved(dev.edge.targets(ECS)["web"].arn): 90,
        resolved(dev.edge.targets(EKS)["web"].arn): 10,
    }


def test_edge_and_data_tell_their_signals(dev: Foundation, prod: Foundation) -> None:
    told = {(signal.subject, signal.name) for signal in (*prod.edge.signals, *prod.data.signals)}
    assert told == {
        *(("edge", name) for name in ("errors_5xx", "latency_p95", "certificate_days")),
        ("web", "unhealthy_targets"),
        *(("db", name) for name in ("db_cpu", "db_storage", "db_connections")),
        ("cache", "cache_memory"),
    }
    (certificate,) = [signal.metric for signal in dev.edge.signals if signal.name == "certificate_days"]
    assert certificate == Missing("the edge has no certificate: it speaks plain HTTP")


def test_a_signal_of_the_edge_names_the_load_balancer(dev: Foundation) -> None:
    metrics = [s.metric for s in dev.edge.signals if isinstance(s.metric, Metric)]
    assert {resolved(metric.dimensions["LoadBalancer"]) for metric in metrics} == {"suffix/edge-balancer"}


def test_a_database_is_watched_every_minute_and_its_logs_have_an_end(dev: Foundation, prod: Foundation) -> None:
    inputs = dev.run.one("rds/instance:Instance").inputs
    assert (inputs["monitoringInterval"], inputs["performanceInsightsEnabled"]) == (60, True)
    logs = {each.inputs["name"]: each.inputs["retentionInDays"] for each in prod.run.of("logGroup:LogGroup")}
    assert {name: days for name, days in logs.items() if name.startswith("/aws/rds")} == {
        "/aws/rds/instance/portal-prod-db/postgresql": 365,
        "/aws/rds/instance/portal-prod-db/upgrade": 365,
    }
    assert {"data-db-postgresql", "data-db-upgrade"} <= set(prod.run.one("rds/instance:Instance").depends_on)
