"""Images as BuildKit and ECR get them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from foundation.names import Names
from foundation.references import copies
from foundation.upstreams import cacheable
from foundation.upstreams import problems as account_problems
from settings import Compute, NetworkSettings, Orchestrator, Placement, RegistrySettings
from tests.foundation.conftest import Foundation
from tests.foundation.portal import container, portal, settings, workload
from tests.foundation.test_components import resolved
from tests.support.pulumi_run import ACCOUNT, REGION
from workload.model import Build, Service

HUB = RegistrySettings(docker_hub=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecr-pullthroughcache/hub-AbCdEf")
FARGATE = Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE)
ECR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture(scope="module")
def accounted() -> Foundation:
    return Foundation("hub", registries=HUB)


def test_every_machine_names_a_build_context_alike(dev: Foundation) -> None:
    inputs = dev.run.one("index:Image").inputs
    assert (inputs["context"], inputs["dockerfile"]) == ({"location": "app"}, {"location": "app/Dockerfile"})


def test_an_image_is_built_for_each_platform_that_its_containers_run_on() -> None:
    api = portal().services["api"]
    arm = replace(api, container=replace(api.container, architecture="arm64"))
    image = Foundation("arm", workload=portal(api=arm)).run.one("index:Image")
    assert image.inputs["platforms"] == ["linux/amd64", "linux/arm64"]


def test_a_build_without_a_platform_is_for_amd64_alone(dev: Foundation) -> None:
    assert dev.run.one("index:Image").inputs["platforms"] == ["linux/amd64"]


def test_layers_are_found_again_in_the_one_tag_that_may_move(dev: Foundation) -> None:
    inputs, repository = dev.run.one("index:Image").inputs, dev.run.one("ecr/repository:Repository").inputs
    cache = f"{ECR}/portal-dev-portal:cache"
    assert inputs["cacheFrom"] == [{"registry": {"ref": cache}}]
    assert inputs["cacheTo"][0]["registry"]["ref"] == cache
    assert inputs["cacheTo"][0]["registry"]["mode"] == "max"
    assert repository["imageTagMutabilityExclusionFilters"] == [{"filter": "cache", "filterType": "WILDCARD"}]


@pytest.mark.parametrize(
    ("image", "pulled"),
    [
        ("postgres:17", "portal-there-aws/docker/library/postgres:17"),
        ("quay.io/a/b:2", "portal-there-quay/a/b:2"),
        (f"registry.k8s.io/pause@sha256:{'1' * 64}", f"portal-there-k8s/library/pause@sha256:{'1' * 64}"),
    ],
)
def test_with_nat_public_images_are_pulled_through_ecr(image: str, pulled: str) -> None:
    described = workload({"one": Service(container=container("one", image=image))}, portal().jobs)
    sample = portal(one=described.services["one"])
    made = Foundation("there", workload=sample)
    assert resolved(made.images.references["one"]) == f"{ECR}/{pulled}"
    assert "one" in made.images.repositories


def test_docker_hub_is_cached_once_it_has_an_account(dev: Foundation, accounted: Foundation) -> None:
    assert resolved(dev.images.references["metrics"]) == "prom/exporter:1"
    assert resolved(accounted.images.references["metrics"]) == f"{ECR}/portal-hub-hub/prom/exporter:1"
    rule = accounted.run.one("ecr/pullThroughCacheRule:PullThroughCacheRule").inputs
    assert (rule["upstreamRegistryUrl"], rule["credentialArn"]) == ("registry-1.docker.io", HUB.docker_hub)
    assert rule["ecrRepositoryPrefix"] == "portal-hub-hub"


def test_who_pulls_may_have_ecr_fetch_and_nobody_of_another_account(accounted: Foundation) -> None:
    policy = accounted.run.one("ecr/repositoryPolicy:RepositoryPolicy").inputs["policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Action"] == "ecr:BatchImportUpstreamImage"
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}


def test_repositories_of_the_cache_are_kept_as_the_stacks_own(accounted: Foundation) -> None:
    made = accounted.run.one("ecr/repository:Repository", "images-hub-prom-exporter").inputs
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["encryptionConfigurations"][0]["encryptionType"] == "KMS"


def test_a_registry_that_ecr_does_not_know_is_asked_itself() -> None:
    other = workload({"one": Service(container=container("one", image="registry.example/a:1"))})
    assert cacheable(copies(other, (), {}), HUB, Names("portal", "dev")) == ()


def test_prefixes_fit_into_what_ecr_takes() -> None:
    one = workload({"one": Service(container=container("one", image="quay.io/a/b:2"))})
    ((_, upstream),) = cacheable(copies(one, (), {}), HUB, Names("portal", "a-stack-with-quite-a-long-name"))
    assert len(upstream.prefix) <= 30


def test_an_account_in_another_region_is_refused_with_the_repair() -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:ecr-pullthroughcache/hub-AbCdEf"
    assert list(account_problems(settings(FARGATE, registries=RegistrySettings(docker_hub=arn)))) == [
        (
            f"registries.docker_hub is a secret in us-east-1; the cache of {REGION} takes those of its own region. "
            f"Repair: aws secretsmanager replicate-secret-to-regions --secret-id {arn} "
            f"--add-replica-regions Region={REGION}"
        )
    ]


def test_an_account_that_nothing_asks_for_is_refused() -> None:
    without = settings(FARGATE, registries=HUB, network=NetworkSettings(egress="endpoints"))
    assert list(account_problems(without)) == [
        (
            "registries.docker_hub has no use with network.egress endpoints: public images are copied from where `up` "
            "runs. Repair: pulumi config rm --path registries.docker_hub --stack test"
        )
    ]


def test_a_build_outside_of_the_project_is_named_from_it() -> None:
    web = portal().services["web"]
    beside = replace(web, container=replace(web.container, image="other", build=Build(context=Path("/beside"))))
    image = Foundation("beside", workload=portal(web=beside)).run.one("index:Image", "images-other")
    assert image.inputs["context"] == {"location": "../beside"}
