import json
from dataclasses import replace

import pytest

import commands
from orchestrators import registry

SITE = {"networks": ["192.168.0.0/24"], "address": "192.168.0.10", "transit_gateway": "tgw-0123456789abcdef0"}
DATACENTER = ("--set", "compute=datacenter", "--set", f"site={json.dumps(SITE)}")


def call(capsys, *arguments):
    """The exit status, and what was printed."""
    status = commands.main(arguments)
    return status, *capsys.readouterr()


def test_json_has_the_keys_of_its_documentation(capsys):
    status, out, _ = call(capsys, "plan", "--json")
    plan = json.loads(out)
    assert status == 0
    assert list(plan) == [
        "project", "stack", "region", "placements", "refusals", "warnings", "plain_http", "counts", "resources",
        "sizes", "public", "connections", "permissions", "protected", "ledger", "hidden", "exports",
    ]  # fmt: skip
    assert plan["placements"] == ["ecs-fargate"]
    assert sum(plan["counts"].values()) == len(plan["resources"])


def test_text_stays_within_80_columns_and_shouts_plain_http(capsys):
    status, out, _ = call(capsys, "plan")
    assert status == 0
    assert "PLAIN HTTP" in out
    assert "edge-balancer: an internet-facing load balancer, port 80 from 0.0.0.0/0" in out
    assert "\033" not in out
    # Only a word that is itself too long may stand out.
    assert not [line for line in out.splitlines() if len(line) > 80 and len(line.split()) > 3]


def test_what_the_cluster_component_hides_is_told(capsys):
    _, out, _ = call(capsys, "plan", "--json", "--set", "orchestrator=eks")
    assert "aws:eks/cluster:Cluster" in [child["type"] for child in json.loads(out)["hidden"]]


def test_computed_values_say_what_they_are(capsys):
    _, out, _ = call(capsys, "plan", "--json")
    reads = [s for s in json.loads(out)["permissions"] if "secretsmanager:GetSecretValue" in s["actions"]]
    assert {statement["resources"][0] for statement in reads} == {"<arn of secret secrets-db_password>"}
    assert "ecs-fargate-api-execution" in [statement["who"] for statement in reads]


def test_a_refused_stack_prints_every_reason_and_exits_with_1(capsys):
    status, out, _ = call(capsys, "plan", "--set", "orchestrator=esc", "--set", "size=huge")
    assert status == 1
    assert "pulumi config set orchestrator ecs --stack dev" in out
    assert '"huge" is not allowed' in out


def test_a_placement_that_is_not_provisioned_yet_is_refused(capsys, monkeypatch):
    monkeypatch.setitem(registry.ORCHESTRATORS, "ecs", replace(registry.ORCHESTRATORS["ecs"], computes=("ec2",)))
    status, out, _ = call(capsys, "plan", "--json")
    assert status == 1
    assert "this version provisions ecs on ec2" in json.loads(out)["refusals"][0]


def test_a_data_centre_is_shown_with_what_its_people_need(capsys):
    status, out, _ = call(capsys, "plan", *DATACENTER)
    assert status == 0
    assert "ecs-datacenter-activation-expires: <expirationDate of activation" in out
    assert "    ssm.us-east-1.amazonaws.com:443  AWS Systems Manager registers the machine\n" in out
    assert "ecs-datacenter-join: 50 lines, by `pulumi stack output --show-secrets" in out
    assert "web scales to 2 tasks, not to 6: site.machines is 3" in out
    assert "edge-balancer: an internet-facing load balancer, port 80 from 0.0.0.0/0" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_data_centre_without_a_site_is_refused_with_everything_that_it_lacks(capsys):
    status, out, _ = call(capsys, "plan", "--json", "--set", "compute=datacenter")
    assert status == 1
    assert [reason.split()[0] for reason in json.loads(out)["refusals"]] == ["site.networks[0]", "site.address", "site"]


def test_a_description_that_the_placement_cannot_carry_is_refused(capsys):
    status, out, _ = call(capsys, "plan", "--json", "--set", "managed=[cache]")
    assert status == 1
    assert "keeps data in the volume db, which ecs-fargate cannot give" in json.loads(out)["refusals"][0]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "missing.yaml"), ("services: [", "not YAML"), ("services: {a: {imag: x}}", "imag")],
)
def test_a_missing_or_malformed_description_is_refused_without_a_traceback(capsys, tmp_path, content, message):
    file = tmp_path / "missing.yaml"
    if content is not None:
        file.write_text(content)
    status, out, _ = call(capsys, "plan", "--file", str(file), "--set", "managed=[]")
    assert status == 1
    assert message in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "--stack", "pord"], "nearest: prod"),
        (["plan", "--set", "orchestrator"], "write key=value"),
        (["render", "ecs", "--stack", "pord"], "nearest: prod"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_with_2(capsys, arguments, message):
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("config: {5: 6}", "5: no such key"),
        ("config: {switchyard:size: !!binary aGk=}", "has a value that Pulumi's config cannot"),
        ("config: &all {a: *all}", "has a value that Pulumi's config cannot"),
        ("config: [", "is not YAML"),
        ("config: 5", "`config` has to be an object"),
        ("\xff", "cannot be read"),
    ],
)
def test_a_stack_file_that_is_none_is_refused_without_a_traceback(monkeypatch, capsys, tmp_path, content, message):
    for name in ("Pulumi.yaml", "__main__.py", "compose.yaml"):
        (tmp_path / name).write_bytes((commands.stacks.ROOT / name).read_bytes())
    (tmp_path / "Pulumi.dev.yaml").write_text(content, encoding="latin-1")
    monkeypatch.setattr(commands.stacks, "ROOT", tmp_path)
    status, out, err = call(capsys, "plan")
    assert status in (1, 2)
    assert message in out + err


def test_a_moment_in_a_setting_stays_text(capsys):
    _, out, _ = call(capsys, "plan", "--json", "--set", "tags.born=2030-01-31T00:00:00Z")
    assert json.loads(out)["refusals"] == []


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as ended:
        commands.main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert [name for name in commands.COMMANDS if name not in out] == []


def test_a_plan_shouts_that_containers_can_be_entered(capsys):
    _, out, _ = call(capsys, "plan", "--json", "--set", "ecs.exec=true")
    assert any(warning.startswith("EXEC IS ON: ") for warning in json.loads(out)["warnings"])


def test_a_plan_says_why_fargate_sells_a_larger_task_than_was_asked_for(capsys):
    _, out, _ = call(capsys, "plan", "--json")
    sizes = {entry["unit"]: entry for entry in json.loads(out)["sizes"]}
    assert sizes["worker"] == {
        "placement": "ecs-fargate",
        "unit": "worker",
        "asked": "0.25 vCPU and 512 MiB",
        "size": "0.25 vCPU and 512 MiB",
        "reason": "worker 0.25 vCPU and 512 MiB: together 0.25 vCPU and 512 MiB; the next Fargate size is 0.25 vCPU "
        "and 512 MiB",
    }
    assert sizes["web"]["asked"] == "0.5 vCPU and 576 MiB"
    assert "the Service Connect proxy 0.25 vCPU and 64 MiB" in sizes["web"]["reason"]
