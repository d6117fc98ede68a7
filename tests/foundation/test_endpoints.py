"""A stack without a NAT gateway: AWS by endpoints, images from its own registry, nothing else."""

from dataclasses import replace

import pytest

from foundation.endpoints import endpoints, problems
from foundation.references import copies
from settings import NetworkSettings
from tests.foundation.conftest import Foundation
from tests.foundation.portal import container, portal, workload
from tests.foundation.test_components import resolved
from tests.support.pulumi_run import ACCOUNT, REGION
from workload.model import Grant, Service

PRIVATE = NetworkSettings(egress="endpoints")
BASIC = {"ecr.api", "ecr.dkr", "logs"}
INGRESS, EGRESS = "securityGroupIngressRule:SecurityGroupIngressRule", "securityGroupEgressRule:SecurityGroupEgressRule"


def reading_a_secret() -> Service:
    api = portal().services["api"]
    grant = Grant(source="db_password", target="/run/secrets/db_password")
    return replace(api, container=replace(api.container, secrets=(grant,)))


def test_a_workload_without_secrets_reaches_images_and_logs() -> None:
    assert set(endpoints(portal(), ("db", "cache"), ())) == BASIC


def test_a_mounted_secret_needs_its_endpoint() -> None:
    assert set(endpoints(portal(api=reading_a_secret()), (), ())) == {*BASIC, "secretsmanager"}


def test_what_placements_call_beside_their_units_needs_its_endpoint() -> None:
    assert set(endpoints(portal(), (), {"sts"})) == {*BASIC, "sts"}


def test_a_private_stack_has_no_way_out(private: Foundation) -> None:
    assert not private.run.of("ec2/natGateway:NatGateway")
    routes = [each for each in private.run.of("ec2/route:Route") if each.inputs["destinationCidrBlock"] == "0.0.0.0/0"]
    assert [each.name for each in routes] == ["network-public"]
    assert not [each.name for each in private.run.of(EGRESS) if each.inputs.get("cidrIpv4") == "0.0.0.0/0"]


def test_every_unit_reaches_the_endpoints_and_s3(private: Foundation) -> None:
    rules = private.run.of(EGRESS)
    units = {f"network-unit-{name}:SecurityGroup" for name in ("web", "api", "worker", "migrate")}
    group = "network-endpoints:SecurityGroup"
    inside = {r.inputs["securityGroupId"] for r in rules if r.inputs.get("referencedSecurityGroupId") == group}
    storage = {r.inputs["securityGroupId"] for r in rules if r.inputs.get("prefixListId") == "pl-network-s3"}
    assert inside == storage == units


def test_endpoints_answer_under_the_services_own_names_in_private_subnets(private: Foundation) -> None:
    made = [each for each in private.run.of("vpcEndpoint:VpcEndpoint") if each.inputs["vpcEndpointType"] == "Interface"]
    prefix = f"com.amazonaws.{REGION}."
    assert {*BASIC} <= {each.inputs["serviceName"].removeprefix(prefix) for each in made}
    for each in made:
        assert each.inputs["privateDnsEnabled"] is True
        assert each.inputs["subnetIds"] == ["network-private-0:Subnet", "network-private-1:Subnet"]
        assert each.inputs["securityGroupIds"] == ["network-endpoints:SecurityGroup"]


def test_public_images_are_copied_by_digest(private: Foundation) -> None:
    (copy,) = private.run.of("docker-build:index:Index")
    assert copy.inputs["sources"] == ["prom/exporter:1"]
    (repository,) = [each for each in private.run.of("ecr/repository:Repository") if "exporter" in each.name]
    assert copy.inputs["tag"] == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository.inputs['name']}:1"
    assert resolved(private.images.references["metrics"]) == f"{copy.inputs['tag']}@sha256:{'0' * 64}"
    assert private.images.repositories.keys() == {"web", "api", "worker", "migrate", "metrics"}


def test_a_stack_with_nat_copies_nothing(dev: Foundation) -> None:
    assert dev.run.of("docker-build:index:Index") == []


@pytest.mark.parametrize(
    ("image", "path", "tag"),
    [
        ("postgres:17", "docker/library/postgres", "17"),
        ("prom/exporter", "prom/exporter", "latest"),
        ("ghcr.io:443/a/b:2", "ghcr.io:443/a/b", "2"),
        (f"quay.io/a/b@sha256:{'0' * 64}", "quay.io/a/b", f"sha256-{'0' * 64}"),
    ],
)
def test_a_copy_is_called_as_its_original(image: str, path: str, tag: str) -> None:
    described = workload({"one": Service(container=container("one", image=image))})
    (copy,) = copies(described, (), {})
    assert (copy.path, copy.tag) == (path, tag)


def test_containers_of_one_image_share_its_copy() -> None:
    services = {name: Service(container=container(name, image="nginx:1")) for name in ("one", "two")}
    (copy,) = copies(workload(services), (), {})
    assert copy.containers == ("one", "two")


def test_images_that_run_beside_the_workload_are_copied_for_nobody_of_it() -> None:
    services = {"one": Service(container=container("one", image="nginx:1"))}
    shared, own = copies(workload(services), (), {}, {"ghcr.io/a/b:2", "public.ecr.aws/docker/library/nginx:1"})
    assert (shared.source, shared.containers) == ("public.ecr.aws/docker/library/nginx:1", ("one",))
    assert (own.source, own.containers) == ("ghcr.io/a/b:2", ())


def test_an_image_that_is_in_ecr_already_is_not_copied() -> None:
    image = f"111122223333.dkr.ecr.{REGION}.amazonaws.com/one:1"
    assert copies(workload({"one": Service(container=container("one", image=image))}), (), {}) == ()


def test_an_image_of_ci_outside_of_ecr_is_refused() -> None:
    image = f"ghcr.io/us/api@sha256:{'0' * 64}"
    (problem,) = problems(PRIVATE, {"api": image})
    assert problem == (
        f"images.api is {image}, which no task can pull, as network.egress is endpoints; "
        "push it to Amazon ECR and name it there. Or: pulumi config set --path network.egress nat"
    )


def test_with_nat_nothing_is_refused() -> None:
    assert list(problems(NetworkSettings(), {"api": "ghcr.io/us/api"})) == []
