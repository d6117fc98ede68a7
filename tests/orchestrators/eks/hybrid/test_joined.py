"""The site's first machine is waited for, and what keeps it is told."""

import pytest

from orchestrators.eks.hybrid.joined import NobodyJoinedError, wait


def node(name, ready, message="it runs"):
    condition = {"type": "Ready", "status": ready, "message": message}
    return {"metadata": {"name": name}, "status": {"conditions": [condition]}}


class Cluster:
    """Answers each question with the next list of nodes, at last with the same one."""

    def __init__(self, *answers):
        self._answers, self.asked = list(answers), []

    def get(self, path, **query):
        self.asked.append((path, query))
        return {"items": self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]}


def test_the_first_ready_node_is_enough():
    cluster = Cluster([], [node("mi-1", "False")], [node("mi-1", "False"), node("mi-2", "True")])
    assert wait(cluster, key="eks-datacenter-join", sleep=lambda _: None) == ("mi-2",)
    assert cluster.asked[0] == ("/api/v1/nodes", {"labelSelector": "eks.amazonaws.com/compute-type=hybrid"})


def test_when_nobody_joins_the_way_to_join_is_told():
    with pytest.raises(NobodyJoinedError) as error:
        wait(Cluster([]), key="eks-datacenter-join", patience=0, sleep=lambda _: None)
    assert str(error.value) == (
        "No machine of the site is ready in the cluster, so nothing can run there.\n"
        "  On each machine: pulumi stack output --show-secrets eks-datacenter-join | sudo bash -s"
        " (docs/datacenter.md).\n"
        "  Then `pulumi up` again."
    )


def test_a_node_that_is_not_ready_says_why():
    cluster = Cluster([node("mi-1", "False", "cni plugin not initialized"), {"metadata": {"name": "mi-2"}}])
    with pytest.raises(NobodyJoinedError) as error:
        wait(cluster, key="eks-datacenter-join", patience=0, sleep=lambda _: None)
    assert "  mi-1 has joined and is not ready: cni plugin not initialized\n" in str(error.value)
    assert "  mi-2 has joined and is not ready: it does not say why\n" in str(error.value)
