from datetime import date
from typing import get_args

import pytest

import stackfiles
from commands import main, stacks
from orchestrators.eks import versions
from orchestrators.eks.check import problems
from orchestrators.eks.versions import ADDONS, NEEDED, SUPPORT, refusal, support_type, warning
from settings import KubernetesVersion
from stack import RefusedError, describe, open_stack

LAST = SUPPORT["1.34"].standard
PAST = date(2026, 12, 3)


def test_settings_take_every_version_of_the_table_and_no_other():
    assert set(get_args(KubernetesVersion)) == set(SUPPORT)


def test_every_add_on_is_pinned_for_every_version():
    assert {addon for addons in NEEDED.values() for addon in addons} == set(ADDONS)
    assert all(set(pins) == set(SUPPORT) for pins in ADDONS.values())


def test_a_version_in_standard_support_needs_no_words_and_never_costs_more():
    assert warning("1.34", LAST) is None
    assert support_type("1.34", LAST) == "STANDARD"


def test_a_version_in_extended_support_warns_of_its_price_and_keeps_its_version():
    assert warning("1.34", PAST) == (
        "cluster.version: Kubernetes 1.34 left standard support on 2026-12-02;"
        " until 2027-12-02 the cluster costs six times as much: pulumi config set --path cluster.version 1.36"
    )
    assert support_type("1.34", PAST) == "EXTENDED"
    assert refusal("1.34", PAST) is None


def stack(version):
    project, config = stackfiles.read(stacks.ROOT, "dev", ["orchestrator=eks", f"cluster={{version: '{version}'}}"])
    return config, {"project": project, "stack": "dev", "root": stacks.ROOT}


def test_a_version_out_of_extended_support_is_refused_before_anything_is_made(monkeypatch):
    monkeypatch.setattr(versions, "today", lambda: date(2027, 7, 30))
    config, named = stack("1.33")
    with pytest.raises(RefusedError) as error:
        open_stack(config, **named)
    (reason,) = error.value.reasons
    assert reason == (
        "cluster.version: Kubernetes 1.33 left extended support on 2027-07-29; AWS upgrades such clusters by itself."
        " Repair: pulumi config set --path cluster.version 1.36 --stack dev."
    )


def test_on_its_last_day_it_still_works(monkeypatch):
    monkeypatch.setattr(versions, "today", lambda: SUPPORT["1.33"].extended)
    config, named = stack("1.33")
    settings, workload = describe(config, **named)
    assert list(problems(workload, settings, settings.placements[0])) == []


def test_the_plan_warns_by_the_date(monkeypatch, capsys):
    monkeypatch.setattr(versions, "today", lambda: PAST)
    monkeypatch.chdir(stacks.ROOT)
    assert main(["plan", "--set", "orchestrator=eks", "--set", "cluster={version: '1.34'}"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Kubernetes 1.34 left standard support on 2026-12-02" in said
    assert "the cluster's API answers inside the VPC alone: run `up` there" in said


def test_a_version_that_the_table_does_not_know_is_refused_with_those_that_it_knows():
    config, named = stack("1.9")
    with pytest.raises(RefusedError, match=r"cluster\.version: .*1\.35, 1\.34, 1\.33"):
        describe(config, **named)
