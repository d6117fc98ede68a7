"""A data centre of three machines behind one address."""

import pytest

from settings import Compute, Orchestrator, Placement, SiteSettings

SITE = SiteSettings(networks=("192.168.0.0/24",), address="192.168.0.10", transit_gateway="tgw-0123456789abcdef0")
DATACENTER = Placement(orchestrator=Orchestrator.ECS, compute=Compute.DATACENTER)


@pytest.fixture
def placement():
    return DATACENTER


@pytest.fixture
def site():
    return SITE
