from pathlib import Path

import pytest

from foundation.references import built, mirrored, problems
from tests.foundation.portal import container, portal, workload
from workload.model import Build, Service

DIGEST = f"repository@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("reference", "pulled"),
    [
        ("postgres:17", "public.ecr.aws/docker/library/postgres:17"),
        ("library/redis", "public.ecr.aws/docker/library/redis"),
        ("docker.io/library/nginx:1@sha256:ab", "public.ecr.aws/docker/library/nginx:1@sha256:ab"),
        ("valkey/valkey:8", "public.ecr.aws/valkey/valkey:8"),
        ("prom/prometheus:v3", "prom/prometheus:v3"),
        ("ghcr.io/valkey/valkey:8", "ghcr.io/valkey/valkey:8"),
        ("localhost:5000/postgres:17", "localhost:5000/postgres:17"),
        ("quay.io/postgres:17", "quay.io/postgres:17"),
    ],
)
def test_only_exact_copies_of_docker_hub_images_are_pulled_from_aws(reference: str, pulled: str) -> None:
    assert mirrored(reference) == pulled


def test_containers_with_the_same_image_and_build_share_one() -> None:
    (image,) = built(portal(), ("db", "cache"))
    assert (image.label, [each.name for each in image.containers]) == ("portal", ["web", "api", "worker", "migrate"])


def test_a_different_build_argument_is_a_different_image() -> None:
    def service(name: str, version: str) -> Service:
        return Service(container=container(name, build=Build(context=Path("/src"), args={"VERSION": version})))

    images = built(workload({"a": service("a", "1"), "b": service("b", "2")}), ())
    assert [image.label for image in images] == ["a", "b"]


def test_a_label_is_the_images_name_without_registry_and_tag() -> None:
    service = Service(container=container("a", image="ghcr.io/acme/shop:1.2", build=Build(context=Path("/src"))))
    assert [image.label for image in built(workload({"a": service}), ())] == ["shop"]


def test_two_builds_of_one_name_are_refused() -> None:
    def service(name: str) -> Service:
        return Service(container=container(name, image="shop", build=Build(context=Path(f"/{name}"))))

    (problem,) = problems(workload({"a": service("a"), "b": service("b")}), (), {})
    assert problem.message == (
        "b and a build different images under the one name 'shop'; give one of them another image"
    )


def test_a_container_without_image_and_build_is_refused() -> None:
    (problem,) = problems(workload({"a": Service(container=container("a"))}), (), {})
    assert problem.message == "a has neither image nor build; give it one"


def test_a_prebuilt_image_of_nothing_is_refused_with_what_is_allowed() -> None:
    (problem,) = problems(portal(), ("db", "cache"), {"wbe": DIGEST})
    assert problem.message == (
        "images.wbe names no container that runs here; allowed are api, metrics, migrate, web, worker"
    )
