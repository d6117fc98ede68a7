import dataclasses
from pathlib import Path

import pytest
import yaml

import settings
import stackfiles
from settings import Compute, Orchestrator, Placement, SettingsError, Size
from stackconfig import WrongInputError

ROOT = Path(__file__).resolve().parent.parent
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000"


def load(**keys):
    config = {f"switchyard:{key}": value for key, value in keys.items()}
    return settings.load({"aws:region": "us-east-1", **config}, project="switchyard", stack="dev")


def problems(**keys):
    with pytest.raises(SettingsError) as caught:
        load(**keys)
    return [str(problem) for problem in caught.value.problems]


def test_a_stack_that_says_nothing_runs_on_ecs_fargate():
    assert load().placements == (Placement(orchestrator=Orchestrator.ECS, compute=Compute.FARGATE),)


def test_the_short_form_is_one_placement():
    assert load(orchestrator="eks", compute="ec2").placements == (
        Placement(orchestrator=Orchestrator.EKS, compute=Compute.EC2, weight=100),
    )


def test_values_as_the_engine_hands_them_on_mean_the_same_as_in_yaml():
    as_json = load(edge='{"http":true}', managed='["db"]', protect="true", network='{"zones":"3"}', placements="[]")
    assert as_json == load(edge={"http": True}, managed=["db"], protect=True, network={"zones": 3}, placements=[])


def test_a_version_may_be_written_without_quotes():
    assert load(cluster={"version": 1.36}).cluster.version == "1.36"


def test_keys_of_other_namespaces_are_left_alone_even_encrypted():
    config = {"aws:region": "us-east-1", "other:token": {"secure": "v1:x"}, "aws:secretKey": {"secure": "v1:y"}}
    assert settings.load(config, project="switchyard", stack="dev").region == "us-east-1"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            {"orchestrator": "esc"},
            (
                'orchestrator: "esc" is not allowed; allowed: ecs, eks; nearest: ecs\n'
                "    pulumi config set orchestrator ecs --stack dev"
            ),
        ),
        (
            {"managed": "db"},
            (
                'managed: "db" is not a list\n'
                "    pulumi config rm managed --stack dev && pulumi config set --path 'managed[0]' db --stack dev"
            ),
        ),
        (
            {"network": {"zone": 2}},
            (
                "network.zone: no such key; allowed: cidr, zones, egress, vpc, public, private, isolated; "
                "nearest: zones\n"
                "    pulumi config rm --path network.zone --stack dev"
            ),
        ),
        (
            {"network": {"zones": 9}},
            (
                "network.zones: 9 is not 2 or 3 availability zones\n"
                "    pulumi config set --path network.zones 2 --stack dev"
            ),
        ),
        (
            {"protect": "yes"},
            'protect: "yes" is not true or false\n    pulumi config set protect true --stack dev',
        ),
        (
            {"placements": [{"orchestrator": "ecs"}]},
            (
                "placements[0].compute: is missing; it is one of fargate, ec2, datacenter\n"
                "    pulumi config set --path 'placements[0].compute' fargate --stack dev"
            ),
        ),
        (
            {"alerts": {"sender": {"secure": "v1:x"}}},
            (
                "alerts.sender: is encrypted; this setting is read in clear text\n"
                "    pulumi config set --path alerts.sender ops@example.com --stack dev"
            ),
        ),
        (
            {"alerts": {"to": ["a@example.com"]}},
            (
                "alerts.sender: is missing, so nobody could send the mail to alerts.to\n"
                "    pulumi config set --path alerts.sender alerts@example.com --stack dev"
            ),
        ),
        (
            {"edge": {"http": True, "certificate_arn": CERTIFICATE}},
            (
                "edge.http: true, although there is a certificate; with one, port 80 only redirects to HTTPS\n"
                "    pulumi config set --path edge.http false --stack dev"
            ),
        ),
        (
            {"edge": {"zone": "Z0123456789ABCDEFGHIJ"}},
            (
                "edge.domain: is missing; edge.zone only says where its records go\n"
                "    pulumi config set --path edge.domain portal.example.com --stack dev"
            ),
        ),
        (
            {"edge": {"domain": "portal.example.com"}},
            (
                "edge.zone: is missing, so nothing could prove edge.domain\n"
                "    pulumi config set --path edge.zone Z0123456789ABCDEFGHIJ --stack dev"
            ),
        ),
        (
            {"edge": {"slow_start": 10, "http": True}},
            (
                "edge.slow_start: 10 is not 0, or 30 to 900 seconds\n"
                "    pulumi config set --path edge.slow_start 30 --stack dev"
            ),
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed_and_the_command_that_repairs_it(keys, expected):
    assert problems(**keys) == [expected]


def test_a_missing_region_is_named_with_its_command():
    with pytest.raises(SettingsError, match="pulumi config set aws:region us-east-1 --stack prod"):
        settings.load({}, project="switchyard", stack="prod")


def test_all_problems_come_at_once():
    found = problems(orchestrator="esc", size="huge", network={"cidr": "x", "zones": 1}, images={"api": "api:latest"})
    assert [problem.split(":")[0] for problem in found] == [
        "orchestrator", "size", "images.api", "network.cidr", "network.zones",
    ]  # fmt: skip


def test_of_a_config_that_is_wrong_in_part_the_rest_can_be_read():
    config = {"aws:region": "us-east-1", "switchyard:network": {"cidr": "x", "zones": 3}, "switchyard:compute": "ec3"}
    found, _ = settings.read(config, project="switchyard", stack="dev")
    assert (found.network.zones, found.placements[0].orchestrator) == (3, Orchestrator.ECS)
    with pytest.raises(WrongInputError):
        found.network.cidr  # noqa: B018 (reading it is what is tested)
    with pytest.raises(WrongInputError):
        found.placements[0].key  # noqa: B018 (as above)


def test_the_short_form_and_placements_exclude_each_other():
    found = problems(orchestrator="ecs", placements=[{"orchestrator": "ecs", "compute": "fargate"}])
    assert found == [
        (
            "orchestrator: stands together with placements, which say the same; keep one of them\n"
            "    pulumi config rm orchestrator --stack dev"
        )
    ]


def test_one_placement_may_not_stand_twice():
    twice = [{"orchestrator": "ecs", "compute": "fargate"}] * 2
    assert problems(placements=twice)[0].startswith("placements[1]: ecs-fargate stands there already")


def test_weights_that_route_nothing_are_refused():
    nothing = [{"orchestrator": "ecs", "compute": "fargate", "weight": 0}]
    assert problems(placements=nothing)[0].startswith("placements[0].weight: every weight is 0")


def test_a_certificate_of_another_region_is_refused():
    elsewhere = CERTIFICATE.replace("us-east-1", "eu-west-1")
    assert "its own region, us-east-1" in problems(edge={"certificate_arn": elsewhere})[0]


def test_pulumi_yaml_declares_every_key_with_the_default_of_its_type():
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    del declared["aws:region"]
    fields = {field.name for field in dataclasses.fields(settings.Settings)} - {"project", "stack", "region"}
    assert set(declared) == fields | {"orchestrator", "compute"}
    assert all({"type", "description", "default"} <= set(key) for key in declared.values())
    assert load(**{name: key["default"] for name, key in declared.items()}) == load()


def test_the_stacks_in_the_repository_load():
    loaded = {}
    for stack in ("dev", "prod"):
        project, config = stackfiles.read(ROOT, stack)
        loaded[stack] = settings.load(config, project=project, stack=stack)
    assert loaded["dev"].placements[0].key == "ecs-fargate"
    assert loaded["dev"].managed == ("db", "cache")
    assert loaded["prod"].placements[0].key == "eks-ec2"
    assert (loaded["prod"].size, loaded["prod"].protect) == (Size.PRODUCTION, True)
    assert loaded["prod"].alerts.to


def test_a_change_on_the_command_line_reaches_into_an_object_and_keeps_the_rest():
    _, config = stackfiles.read(ROOT, "prod", ["network.zones=2", "managed=[]", "aws:region=eu-west-1"])
    assert config["switchyard:network"] == {"zones": 2, "egress": "nat-per-zone"}
    assert (config["switchyard:managed"], config["aws:region"]) == ([], "eu-west-1")


@pytest.mark.parametrize(
    ("files", "stack", "message"),
    [
        ({}, "dev", "Pulumi.yaml does not exist"),
        ({"Pulumi.yaml": "name: x", "Pulumi.dev.yaml": ""}, "de", "no stack 'de'.*here are: dev; nearest: dev"),
        ({"Pulumi.yaml": "name: x"}, "dev", "here is none"),
        ({"Pulumi.yaml": "a: [", "Pulumi.dev.yaml": ""}, "dev", "Pulumi.yaml is not YAML"),
        ({"Pulumi.yaml": "- a", "Pulumi.dev.yaml": ""}, "dev", "an object is needed, this is list"),
        ({"Pulumi.yaml": "description: x", "Pulumi.dev.yaml": ""}, "dev", "no `name`"),
        ({"Pulumi.yaml": "name: x", "Pulumi.dev.yaml": "config: [1]"}, "dev", "`config` has to be an object"),
    ],
)
def test_an_unusable_file_is_named(tmp_path, files, stack, message):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(stackfiles.StackFileError, match=message):
        stackfiles.read(tmp_path, stack)


def test_a_change_without_a_value_is_refused():
    with pytest.raises(stackfiles.StackFileError, match="write key=value"):
        stackfiles.read(ROOT, "dev", ["orchestrator"])
