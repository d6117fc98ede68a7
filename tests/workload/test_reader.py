"""What the workload says of a description: services, jobs, sidecars, links, endpoint variables, sizes and times."""

from pathlib import Path

import pytest

from workload import Workload, read
from workload.errors import DescriptionError
from workload.model import AlarmTuning, Condition, Ingress, Mount, Resources, Tmpfs
from workload.text import Ref

SAMPLE = Path(__file__).parents[2] / "compose.yaml"


def workload(tmp_path: Path, text: str, *, profiles: tuple[str, ...] = (), **environment: str) -> Workload:
    (tmp_path / "compose.yaml").write_text(text)
    return read(tmp_path / "compose.yaml", profiles=profiles, environment=environment)


def refs(text) -> list[str]:
    return [ref.path for ref in text.refs()]


def test_the_sample_has_five_services_and_one_job():
    sample = read(SAMPLE, environment={})
    assert list(sample.services) == ["web", "api", "worker", "cache", "db"]
    assert list(sample.jobs) == ["migrate"]
    assert sample.name == "portal"


def test_the_samples_links_are_its_calls():
    sample = read(SAMPLE, environment={})
    assert {name: unit.links for name, unit in sample.units.items()} == {
        "web": ("api",),
        "api": ("cache", "db"),
        "worker": ("cache", "db"),
        "cache": (),
        "db": (),
        "migrate": ("db",),
    }
    assert sample.clients("db") == ("api", "worker", "migrate")


def test_only_web_of_the_sample_is_public():
    sample = read(SAMPLE, environment={})
    assert {name: service.ingress for name, service in sample.services.items() if service.ingress} == {
        "web": Ingress(port=8000)
    }


def test_sizes_are_bytes_and_times_are_seconds(tmp_path):
    text = """
    services:
      a: {image: x, stop_grace_period: 1m30s, shm_size: 64m, tmpfs: ["/t:size=1m,mode=1777"],
          deploy: {replicas: 3, resources: {limits: {cpus: "0.5", memory: 1.5g}, reservations: {memory: 64m}}},
          healthcheck: {test: probe me, interval: 500ms}}
    """
    container = workload(tmp_path, text).services["a"].container
    assert (container.stop_grace_period, container.shm_size) == (90, 64 * 2**20)
    assert container.tmpfs == (Tmpfs(target="/t", size=2**20, mode=0o1777),)
    assert container.resources == Resources(cpus=0.5, memory=3 * 2**29, reserved_memory=2**26)
    assert container.healthcheck.shell
    assert (str(container.healthcheck.test[0]), container.healthcheck.interval, container.healthcheck.timeout) == (
        "probe me",
        0.5,
        30,
    )


def test_an_endpoint_variable_stays_a_reference_whatever_the_shell_says(tmp_path):
    text = "services:\n  a: {image: x, environment: {U: 'h=${MY_DB_HOST:-my-db}'}}\n  my-db: {image: y}\n"
    read_it = workload(tmp_path, text, MY_DB_HOST="other")
    assert read_it.services["a"].container.environment["U"].parts == ("h=", Ref("my-db.host", "my-db"))
    assert read_it.services["a"].links == ("my-db",)


def test_dotenv_does_not_override_an_endpoint_variable(tmp_path):
    (tmp_path / ".env").write_text("B_PORT=1\n")
    read_it = workload(tmp_path, "services: {a: {image: x, command: ['${B_PORT:-2}']}, b: {image: y}}")
    assert read_it.services["a"].container.command[0].parts == (Ref("b.port", "2"),)


def test_the_endpoint_variable_of_nobody_is_an_ordinary_variable(tmp_path):
    text = "services: {a: {image: x, environment: {U: '${MAIL_HOST:-localhost}:${MAIL_PORT:-25}'}}}"
    assert str(workload(tmp_path, text, MAIL_HOST="smtp").services["a"].container.environment["U"]) == "smtp:25"


def test_the_endpoint_variable_of_a_service_whose_profile_sleeps_is_ordinary(tmp_path):
    text = "services: {a: {image: x, environment: {H: '${DB_HOST:-db}'}}, db: {image: y, profiles: [local]}}"
    asleep = workload(tmp_path, text, DB_HOST="db.example.org").services["a"]
    awake = workload(tmp_path, text, profiles=("local",), DB_HOST="db.example.org").services["a"]
    assert (str(asleep.container.environment["H"]), asleep.links) == ("db.example.org", ())
    assert (refs(awake.container.environment["H"]), awake.links) == (["db.host"], ("db",))


def test_a_variable_of_a_published_port_is_ordinary(tmp_path):
    text = "services: {a: {image: x, ports: ['${A_PORT:-8080}:80']}}"
    assert workload(tmp_path, text, A_PORT="9000").services["a"].container.ports[0].published == "9000"


def test_a_service_does_not_link_to_itself(tmp_path):
    assert workload(tmp_path, "services: {a: {image: x, command: ['${A_PORT:-80}']}}").services["a"].links == ()


def test_waiting_for_completion_makes_a_job_and_no_link(tmp_path):
    text = "services: {a: {image: x, depends_on: {m: {condition: service_completed_successfully}}}, m: {image: y}}"
    read_it = workload(tmp_path, text)
    assert (list(read_it.services), list(read_it.jobs)) == (["a"], ["m"])
    assert read_it.services["a"].links == ()
    assert read_it.services["a"].container.depends_on[0].condition is Condition.COMPLETED


def test_a_schedule_makes_a_job(tmp_path):
    assert (
        workload(tmp_path, "services: {a: {image: x, x-schedule: rate(1 hour)}}").jobs["a"].schedule == "rate(1 hour)"
    )


def test_a_service_and_a_job_say_how_much_they_write_to_their_own_disk(tmp_path):
    read_it = workload(
        tmp_path, "services: {a: {image: x, x-storage: 40g}, j: {image: x, x-storage: 1g, x-schedule: rate(1 hour)}}"
    )
    assert (read_it.services["a"].storage, read_it.jobs["j"].storage) == (40 * 1024**3, 1024**3)


def test_a_sidecar_shares_the_disk_of_its_task(tmp_path):
    text = "services: {a: {image: x}, s: {image: y, network_mode: 'service:a', x-storage: 40g}}"
    with pytest.raises(DescriptionError, match='x-storage: a sidecar cannot have it; write it on "a"'):
        workload(tmp_path, text)


def test_a_sidecar_lives_with_its_service_and_brings_its_links(tmp_path):
    text = """
    services:
      app: {image: x}
      proxy: {image: y, network_mode: "service:app", x-links: [db], expose: [9000]}
      db: {image: z}
    """
    read_it = workload(tmp_path, text)
    assert list(read_it.services) == ["app", "db"]
    assert [container.name for container in read_it.services["app"].containers] == ["app", "proxy"]
    assert read_it.services["app"].links == ("db",)


def test_a_sidecar_cannot_have_an_ingress(tmp_path):
    text = "services: {a: {image: x}, s: {image: y, network_mode: 'service:a', expose: [80], x-ingress: {port: 80}}}"
    with pytest.raises(DescriptionError, match="a sidecar cannot have it"):
        workload(tmp_path, text)


@pytest.mark.parametrize("paths", [("/", "/"), ("/a", "/a/")])
def test_two_ingresses_cannot_share_host_and_path(tmp_path, paths):
    ingress = "{{image: x, expose: [80], x-ingress: {{port: 80, path: {}}}}}"
    text = f"services: {{a: {ingress.format(paths[0])}, b: {ingress.format(paths[1])}}}"
    with pytest.raises(DescriptionError, match='"a" has the same host and path'):
        workload(tmp_path, text)


def test_mounted_sources_are_local_only_with_the_reason(tmp_path):
    read_it = workload(tmp_path, "services: {a: {build: ., volumes: ['./src:/src', 'data:/v']}}\nvolumes: {data: }")
    assert [(found.key, found.reason) for found in read_it.local_only] == [
        ("services.a.volumes", "a mount of sources; in a cloud the image has them")
    ]
    container = read_it.services["a"].container
    assert container.volumes == (Mount(type="volume", source="data", target="/v"),)
    assert [mount.target for mount in container.sources] == ["/src"]


def test_read_only_files_and_folders_beside_the_compose_file_are_configs(tmp_path):
    (tmp_path / "conf" / "more").mkdir(parents=True)
    (tmp_path / "conf" / "a.conf").write_bytes(b"x\xff")
    (tmp_path / "conf" / "more" / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "conf" / "more" / "run.sh").chmod(0o755)
    read_it = workload(tmp_path, "services: {a: {image: x, volumes: ['./conf:/etc/a:ro', './conf/a.conf:/one:ro']}}")
    container = read_it.services["a"].container
    told = {grant.target: (read_it.configs[grant.source].content, grant.mode) for grant in container.configs}
    assert told == {
        "/etc/a/a.conf": (b"x\xff", 0o444),
        "/etc/a/more/run.sh": (b"#!/bin/sh\n", 0o555),
        "/one": (b"x\xff", 0o444),
    }
    assert (container.volumes, container.sources, read_it.local_only) == ((), (), ())


def test_a_service_with_a_named_volume_is_stateful_unless_its_loss_is_said_aloud(tmp_path):
    text = (
        "services: {a: {image: x, volumes: ['data:/v']}, b: {image: x, volumes: "
        "['data:/v'], x-ephemeral: true}}\nvolumes: {data: }"
    )
    services = workload(tmp_path, text).services
    assert (services["a"].stateful, services["b"].stateful) == (True, False)


def test_a_volume_of_one_letter_is_no_volume(tmp_path):
    with pytest.raises(DescriptionError, match="takes a name of one letter for a Windows drive"):
        workload(tmp_path, "services: {a: {image: x, volumes: ['v:/v']}}\nvolumes: {v: }")


def test_nothing_that_compose_filled_in_is_listed_as_local_only(tmp_path):
    assert workload(tmp_path, "services: {a: {image: x}}").local_only == ()


def test_local_only_keys_have_their_place(tmp_path):
    (found,) = workload(tmp_path, "services:\n  a:\n    image: x\n    container_name: mine\n").local_only
    assert (found.key, found.at.line, found.at.column) == ("services.a.container_name", 4, 5)


def test_alarms_are_tuned_or_switched_off(tmp_path):
    text = "services: {a: {image: x, x-alarms: {cpu: off, memory: 80, restarts: {threshold: 3}}}}"
    assert dict(workload(tmp_path, text).services["a"].alarms) == {
        "cpu": AlarmTuning(off=True),
        "memory": AlarmTuning(threshold=80),
        "restarts": AlarmTuning(threshold=3),
    }


def test_configs_carry_their_content(tmp_path):
    (tmp_path / "c.conf").write_bytes(b"x\xff")
    text = "services: {a: {image: x, configs: [c, d]}}\nconfigs: {c: {file: c.conf}, d: {content: 'k=${K:-v}'}}"
    configs = workload(tmp_path, text).configs
    assert (configs["c"].content, configs["d"].content) == (b"x\xff", b"k=v")


def test_a_secret_is_mounted_where_compose_mounts_it(tmp_path):
    text = "services: {a: {image: x, secrets: [s, {source: s, target: t}]}}\nsecrets: {s: {file: s.txt}}"
    read_it = workload(tmp_path, text)
    assert [grant.target for grant in read_it.services["a"].container.secrets] == ["/run/secrets/s", "/run/secrets/t"]
    assert read_it.secrets["s"].file == tmp_path / "s.txt"


def test_an_unset_variable_is_noted(tmp_path):
    notes = workload(tmp_path, "services: {a: {image: 'x:1${NOBODY}'}}").notes
    assert [note.message for note in notes] == ["the variable NOBODY is not set, so it is empty"]


def test_several_files_are_merged_in_order(tmp_path):
    (tmp_path / "a.yaml").write_text("services: {a: {image: one, environment: {K: '1'}}}")
    (tmp_path / "b.yaml").write_text("services: {a: {image: two, environment: {L: '2'}}}")
    container = read([tmp_path / "a.yaml", tmp_path / "b.yaml"], environment={}).services["a"].container
    assert container.image == "two"
    assert {key: str(text) for key, text in container.environment.items()} == {"K": "1", "L": "2"}


def test_a_thousand_services_are_read(tmp_path):
    text = (
        "services:\n"
        + "".join(f"  s{n}: {{image: x, depends_on: [s{n + 1}]}}\n" for n in range(999))
        + "  s999: {image: x}\n"
    )
    assert len(workload(tmp_path, text).services) == 1000


def test_only_the_named_files_are_the_workloads_not_what_they_include(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("services:\n  b:\n    image: y\n")
    named = tmp_path / "compose.yaml"
    named.write_text("include: [other.yaml]\nservices:\n  a:\n    image: x\n")
    assert read(named, environment={}).files == (named,)
