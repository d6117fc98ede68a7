"""The program as a whole, run by `planning` for both stacks of the repository and for two placements side by side."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

import stackfiles
from planning import plan
from planning.recording import record
from planning.text import text
from stack import describe

ROOT = Path(__file__).resolve().parent.parent


def recording(stack="dev", *changes):
    project, config = stackfiles.read(ROOT, stack, changes)
    found = record(ROOT / "__main__.py", project=project, stack=stack, config=config)
    return found, *describe(config, project=project, stack=stack, root=ROOT)


@pytest.fixture(scope="module")
def dev():
    return plan.plan(*recording("dev"))


@pytest.fixture(scope="module")
def prod():
    return plan.plan(*recording("prod"))


@pytest.fixture(scope="module")
def side_by_side():
    placements = "[{orchestrator: ecs, compute: fargate, weight: 90}, {orchestrator: eks, compute: ec2, weight: 10}]"
    return recording("dev", "orchestrator=", "compute=", f"placements={placements}")


@pytest.fixture(scope="module")
def both(side_by_side):
    return plan.plan(*side_by_side)


@pytest.mark.parametrize("stack", ["dev", "prod", "both"])
def test_exactly_one_thing_is_reachable_from_the_internet(stack, request):
    assert [found["resource"] for found in request.getfixturevalue(stack)["public"]] == ["edge-balancer"]


def test_a_certificate_closes_plain_http(dev, prod):
    assert dev["plain_http"] == ["edge-http"]
    assert prod["plain_http"] == []


def test_a_field_that_is_ignored_without_an_owner_is_told():
    found, settings, workload = recording("dev")
    told = plan.plan(replace(found, exports={**found.exports, "ledger": ()}), settings, workload)["warnings"]
    assert "data-db ignores changes of allocatedStorage, and the ledger names no owner" in told


@pytest.mark.parametrize("stack", ["dev", "prod", "both"])
def test_every_ignored_field_has_an_owner(stack, request):
    assert not [line for line in request.getfixturevalue(stack)["warnings"] if "names no owner" in line]


def test_production_protects_what_keeps_data(dev, prod):
    kinds = {resource["type"].rpartition(":")[2] for resource in prod["protected"]}
    assert {"Instance", "ReplicationGroup", "Secret", "LoadBalancer", "Bucket"} <= kinds
    assert dev["protected"] == []


def test_no_role_may_do_everything_with_everything(dev, prod):
    for statement in (*dev["permissions"], *prod["permissions"]):
        # A key's own policy has to let the account decide over the key, else nobody could (AWS: default key policy).
        of_the_account = all(principal.endswith(":root") for principal in statement["principals"] or ("",))
        if statement["effect"] == "Allow" and not of_the_account:
            assert "*" not in statement["actions"], statement
            assert not [action for action in statement["actions"] if action.endswith(":*")], statement


def test_two_placements_share_one_edge_by_their_weights(side_by_side):
    found, *_ = side_by_side
    assert len(list(found.of("aws:lb/loadBalancer:LoadBalancer"))) == 1
    (route,) = [rule for rule in found.of("aws:lb/listenerRule:ListenerRule") if rule.name == "routes-web"]
    (action,) = route.inputs["actions"]
    assert [group["weight"] for group in action["forward"]["targetGroups"]] == [90, 10]


def test_sessions_in_a_network_without_a_way_out_have_their_endpoint():
    found, *_ = recording("dev", "network={egress: endpoints}", "ecs={exec: true}")
    assert "network-ssmmessages" in {resource.name for resource in found.resources}


def test_the_plan_says_who_owns_the_weights_of_two_placements(both, dev):
    (owned,) = [entry for entry in both["ledger"] if entry["resource"] == "routes-web"]
    assert owned["owner"] == "the weights of `placements`"
    assert owned["why"] == "90 to ecs-fargate and 10 to eks-ec2, as they say; an `up` carries a change out"
    assert "routes-web.actions: the weights of `placements`, because 90 to ecs-fargate" in " ".join(text(both).split())
    assert not [entry for entry in dev["ledger"] if entry["resource"] == "routes-web"]


def test_a_switch_of_the_orchestrator_keeps_the_data_and_the_load_balancer(dev):
    switched = plan.plan(*recording("dev", "orchestrator=eks"))

    def lasting(found):
        parts = ("data", "key", "secrets", "images", "edge-balancer", "edge-http")
        return {resource["urn"] for resource in found["resources"] if resource["name"].startswith(parts)}

    assert lasting(dev) == lasting(switched)
    assert {"data-db", "edge-balancer"} <= {urn.rpartition("::")[2] for urn in lasting(dev)}


@pytest.mark.parametrize("change", ["orchestrator=ecs", "orchestrator=eks"])
def test_the_last_record_of_what_is_kept_waits_for_everything_that_an_up_makes(change):
    found, *_ = recording("dev", change)
    (first,), (last,) = ([each for each in found.resources if each.name == name] for name in ("keeper", "kept"))
    of_roles = {each.urn for each in found.resources if each.parent and "iam/role:Role::" in each.parent}
    made = {each.urn for each in found.resources if each.custom} - {first.urn, last.urn, *of_roles}
    assert made <= set(last.depends_on)
    assert first.depends_on == ()
    assert first.inputs == last.inputs


@pytest.mark.parametrize("change", ["orchestrator=ecs", "orchestrator=eks"])
def test_nothing_begins_before_the_keeper_has_agreed(change):
    """What is inside a component waits for the component, and that for what it depends on."""
    found, *_ = recording("dev", change)
    keeper = next(each for each in found.resources if each.name == "keeper")
    waiting = [each for each in found.resources if not each.parent and each.name not in ("keeper", "kept")]
    assert len(waiting) >= 9
    assert [each.name for each in waiting if keeper.urn not in each.depends_on] == []


def test_two_runs_give_the_same_plan(dev):
    assert json.dumps(plan.plan(*recording("dev"))) == json.dumps(dev)


def test_a_refused_stack_ends_with_every_reason_and_registers_nothing():
    with pytest.raises(pulumi.RunError) as caught:
        recording("dev", "managed=[dbs]", "edge={}")
    assert "dbs" in str(caught.value)
    assert "neither a certificate nor `http: true`" in str(caught.value)


LOADED = """
import json, sys
from tests.test_program import recording

found, *_ = recording("dev")
loaded = {name.split(".")[1] for name in sys.modules if name.startswith("pulumi_aws.") and name.count(".") > 1}
print(json.dumps([sorted(loaded), sorted({resource.type for resource in found.resources})]))
"""


def test_of_the_provider_only_what_the_stack_uses_is_loaded():
    """A tenth of a preview's time went by loading what only hints named: such hints stand in quotes."""
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded, types = json.loads(done.stdout)
    used = {type_.split(":")[1].partition("/")[0] for type_ in types if type_.startswith("aws:")}
    assert set(loaded) == used
