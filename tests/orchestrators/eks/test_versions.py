from datetime import date

import pytest

from orchestrators.eks.versions import check
from stackconfig import SettingsError


def test_a_version_in_standard_support_needs_no_words():
    assert check("1.35", date(2026, 11, 23)) is None


def test_a_version_in_extended_support_warns_of_its_price():
    assert check("1.33", date(2026, 11, 23)) == (
        "cluster.version: Kubernetes 1.33 left standard support on 2026-07-29;"
        " until 2027-07-29 the cluster costs six times as much: pulumi config set --path cluster.version 1.36"
    )


@pytest.mark.parametrize(
    ("version", "today", "message"),
    [
        (
            "1.33",
            date(2027, 7, 30),
            (
                "cluster.version: Kubernetes 1.33 left extended support on 2027-07-29;"
                " AWS upgrades such clusters by itself"
            ),
        ),
        (
            "1.9",
            date(2026, 11, 23),
            "cluster.version: EKS has no Kubernetes '1.9' that this program knows; it knows 1.33, 1.34, 1.35, 1.36",
        ),
    ],
)
def test_a_version_that_aws_does_not_keep_is_refused(version, today, message):
    with pytest.raises(SettingsError) as error:
        check(version, today)
    assert str(error.value) == f"{message}\n    pulumi config set --path cluster.version 1.36"
