from pathlib import Path

import pulumi
import pytest

from planning.recording import record

PROGRAM = """
import pulumi


class Part(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("switchyard:tests:Part", name)
        kept = pulumi.ResourceOptions(parent=self, protect=True, ignore_changes=["size"])
        made = pulumi.CustomResource("aws:x/thing:Thing", f"{name}-thing", {}, kept)
        child = pulumi.ResourceOptions(parent=self)
        pulumi.CustomResource("aws:x/thing:Thing", f"{name}-other", {"of": made.id}, child)
        self.register_outputs({})


Part("one")
pulumi.log.warn("mind the gap")
pulumi.export("region", pulumi.Config("aws").require("region"))
"""
TWICE = PROGRAM + "\npulumi.CustomResource('aws:x/thing:Thing', 'same')" * 2
REFUSED = PROGRAM + "\nraise pulumi.RunError('no')"
CONFIG = {"aws:region": "us-east-1"}


def run(tmp_path: Path, program: str):
    file = tmp_path / "__main__.py"
    file.write_text(program)
    return record(file, project="p", stack="s", config=CONFIG)


def test_a_recording_has_the_options_exports_and_warnings_that_mocks_forget(tmp_path):
    recording = run(tmp_path, PROGRAM)
    thing = next(resource for resource in recording.resources if resource.name == "one-thing")
    assert (thing.protect, thing.ignore_changes) == (True, ("size",))
    assert thing.urn == "urn:pulumi:s::p::switchyard:tests:Part$aws:x/thing:Thing::one-thing"
    assert recording.exports == {"region": "us-east-1"}
    assert recording.warnings == ("mind the gap",)


def test_computed_values_say_what_they_are(tmp_path):
    other = next(resource for resource in run(tmp_path, PROGRAM).resources if resource.name == "one-other")
    assert other.inputs == {"of": "<id of thing one-thing>"}
    assert other.depends_on == ("urn:pulumi:s::p::switchyard:tests:Part$aws:x/thing:Thing::one-thing",)


def test_two_resources_of_one_urn_are_an_error_as_for_the_engine(tmp_path):
    with pytest.raises(
        pulumi.RunError, match="Two resources would have the URN urn:pulumi:s::p::aws:x/thing:Thing::same"
    ):
        run(tmp_path, TWICE)


def test_a_run_does_not_wait_for_what_a_refused_one_left(tmp_path):
    for _ in range(20):
        with pytest.raises(pulumi.RunError, match="no"):
            run(tmp_path, REFUSED)
        assert len(run(tmp_path, PROGRAM).resources) == 3


def test_a_resource_given_as_an_input_is_its_id_and_nothing_is_made_again(tmp_path):
    given = PROGRAM + (
        "\nmade = pulumi.CustomResource('aws:x/thing:Thing', 'made')"
        "\npulumi.CustomResource('aws:x/thing:Thing', 'user', {'of': made})"
    )
    user = next(resource for resource in run(tmp_path, given).resources if resource.name == "user")
    assert user.inputs == {"of": "<id of thing made>"}
