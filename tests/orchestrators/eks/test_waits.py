"""The resource that stands for a rollout: what makes it anew, and that the state holds nothing but a class's name."""

from orchestrators.eks.waits import _RolloutProvider
from tests.support.seeds import same_output

ASKED = {"kubeconfig": "{}", "namespace": "portal-prod", "kind": "Deployment", "name": "api", "content": "1"}


def test_a_changed_spec_is_waited_for_anew():
    assert _RolloutProvider().diff("id", ASKED, {**ASKED, "content": "2"}).replaces == ["content"]


def test_another_way_into_the_cluster_changes_nothing():
    assert _RolloutProvider().diff("id", ASKED, {**ASKED, "kubeconfig": '{"users": []}'}).changes is False


def test_two_processes_write_the_same_small_provider_into_the_state():
    program = (
        "from pulumi.dynamic.dynamic import serialize_provider\n"
        "from orchestrators.eks.waits import _RolloutProvider\n"
        "print(serialize_provider(_RolloutProvider()))"
    )
    assert 0 < len(same_output(program)) < 200
