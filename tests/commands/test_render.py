import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import commands

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def rendered(tmp_path, capsys):
    def call(*arguments):
        status = commands.main(["render", *arguments, "--out", str(tmp_path / "out")])
        return status, capsys.readouterr().err, tmp_path / "out"

    return call


def test_a_data_centre_on_ecs_has_the_files_of_its_people_too(rendered):
    site = {"networks": ["192.168.0.0/24"], "address": "192.168.0.10", "transit_gateway": "tgw-0123456789abcdef0"}
    status, _, out = rendered("ecs", "--set", "compute=datacenter", "--set", f"site={json.dumps(site)}")
    assert status == 0
    assert sorted(file.name for file in (out / "site").iterdir()) == ["egress.txt", "haproxy.cfg", "join.sh"]
    web = json.loads((out / "web.json").read_text())
    assert web["containerDefinitions"][0]["extraHosts"] == [{"hostname": "api", "ipAddress": "192.168.0.10"}]
    assert "--activation-code REPLACE_ACTIVATION_CODE" in (out / "site" / "join.sh").read_text()


def test_ecs_is_one_task_definition_per_unit(rendered):
    status, _, out = rendered("ecs")
    assert status == 0
    assert sorted(file.name for file in out.glob("[!.]*")) == ["api.json", "migrate.json", "web.json", "worker.json"]
    definition = json.loads((out / "api.json").read_text())
    assert definition["containerDefinitions"][0]["image"] == "REPLACE_IMAGE_API"
    assert definition["taskRoleArn"] == "arn:aws:iam::123456789012:role/REPLACE_ROLE_API_TASK"


def kinds(file):
    return [document["kind"] for document in yaml.safe_load_all(file.read_text())]


def test_eks_is_one_file_per_service_and_job_beside_one_per_kind_that_all_share(rendered):
    _, _, out = rendered("eks", "--set", "compute=ec2")
    core = {file.name: kinds(file) for file in sorted((out / "core").iterdir())}
    assert list(core) == [
        "0-namespace.yaml",
        "1-networkpolicy.yaml",
        "1-secret.yaml",
        "api.yaml",
        "migrate.yaml",
        "web.yaml",
        "worker.yaml",
    ]
    assert core["0-namespace.yaml"] == ["Namespace"]
    assert core["1-secret.yaml"] == ["Secret"]
    assert set(core["api.yaml"]) == {
        "ServiceAccount",
        "NetworkPolicy",
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
    }
    assert core["migrate.yaml"] == ["ServiceAccount", "NetworkPolicy", "Job"]


def test_what_only_eks_knows_stands_in_a_folder_of_its_own(rendered):
    _, _, out = rendered("eks", "--set", "compute=ec2")
    aws = {file.name: kinds(file) for file in (out / "aws").iterdir()}
    assert aws["1-nodepool.yaml"] == ["NodePool"]
    assert aws["web.yaml"] == ["ScaledObject", "TargetGroupBinding"]


def test_the_cluster_of_the_config_is_the_one_that_is_rendered(rendered):
    _, _, out = rendered("eks", "--set", "compute=ec2", "--set", "network={zones: 3}", "--set", "cluster={spot: true}")
    (nodes,) = yaml.safe_load_all((out / "aws" / "1-nodeclass.yaml").read_text())
    assert len(nodes["spec"]["subnetSelectorTerms"]) == 3
    assert kinds(out / "aws" / "1-nodepool.yaml") == ["NodePool", "NodePool"]


def test_a_data_centre_on_eks_has_its_proxys_configuration_too(rendered):
    site = {"networks": ["192.168.0.0/24"], "pods": ["192.168.64.0/18"], "address": "192.168.0.10"}
    way = {"transit_gateway": "tgw-0123456789abcdef0"}
    _, _, out = rendered("eks", "--set", "compute=datacenter", "--set", f"site={json.dumps(site | way)}")
    assert "    bind 192.168.0.10:32464\n" in (out / "site" / "haproxy.cfg").read_text()


def test_a_folder_in_which_nothing_is_rendered_any_more_loses_its_files(rendered):
    _, _, out = rendered("eks")
    rendered("ecs")
    assert sorted(file.name for file in out.rglob("[!.]*")) == ["api.json", "migrate.json", "web.json", "worker.json"]


def test_a_record_that_points_outside_deletes_nothing_there(rendered, tmp_path):
    _, _, out = rendered("ecs")
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (out / ".rendered.json").write_text(json.dumps(["../mine.txt", str(mine), "api.json"]))
    rendered("ecs", "--set", "managed=[db,cache]")
    assert mine.read_text() == "mine"


def test_values_take_the_place_of_what_only_the_cloud_knows(rendered, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text("db.host: db.example\nimage.api: registry/api@sha256:0\n")
    _, _, out = rendered("ecs", "--values", str(values))
    container = json.loads((out / "api.json").read_text())["containerDefinitions"][0]
    assert container["image"] == "registry/api@sha256:0"
    assert "portal@db.example:" in {e["name"]: e["value"] for e in container["environment"]}["DATABASE_URL"]


def test_a_value_that_nothing_asks_for_is_refused_with_the_nearest(rendered, tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text("db.hots: x\n")
    status, err, out = rendered("ecs", "--values", str(values))
    assert status == 2
    assert "nothing asks for db.hots; nearest: db.host" in err
    assert not out.exists()


def test_what_is_no_longer_rendered_goes_and_what_others_wrote_stays(rendered):
    _, _, out = rendered("ecs", "--set", "managed=[db]")
    assert (out / "cache.json").exists()
    (out / "notes.txt").write_text("mine")
    rendered("ecs")
    assert not (out / "cache.json").exists()
    assert (out / "notes.txt").read_text() == "mine"


def test_a_file_of_somebody_else_is_never_overwritten(rendered, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "api.json").write_text("mine")
    status, err, out = rendered("ecs")
    assert status == 2
    assert "has api.json from somebody else" in err
    assert (out / "api.json").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_one_message(rendered, tmp_path):
    (tmp_path / "out").write_text("a file")
    status, err, _ = rendered("ecs")
    assert status == 2
    assert "cannot be written" in err


def test_output_that_nobody_can_take_is_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "commands", "render", "ecs"],
            cwd=ROOT,
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr == "switchyard render: the disk is full: free some room and call it again\n"


def test_rendering_imports_neither_pulumi_nor_a_provider():
    script = (
        "import sys; from commands import main; main(['render', sys.argv[1]]); "
        "sys.exit(','.join(name for name in sys.modules if name.startswith(('pulumi', 'boto'))) or 0)"
    )
    for orchestrator in ("ecs", "eks"):
        done = subprocess.run(
            [sys.executable, "-c", script, orchestrator], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_two_runs_write_the_same_bytes(rendered):
    _, _, out = rendered("eks")
    before = {file: file.read_bytes() for file in out.rglob("*.*")}
    rendered("eks")
    assert {file: file.read_bytes() for file in out.rglob("*.*")} == before
