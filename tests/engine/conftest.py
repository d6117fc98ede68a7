"""Runs the real Pulumi engine against stand-in plugins: skipped with one loud line where the CLI is not on PATH."""

import re
import shutil
import warnings

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.engine import interpreter
from tests.engine.project import PLACEMENTS, STACKS, project


def pytest_itemcollected(item):
    item.add_marker(pytest.mark.engine)


class OneProcessPerAccount(LoadScopeScheduling):
    """What shares an account runs in one process: the tests of a placement, otherwise those of a file and a stack."""

    def _split_scope(self, nodeid):
        file, _, test = nodeid.partition("::")
        given = set(re.split(r"[][]|-(?!fargate|ec2|datacenter)", test))
        if file.endswith(("test_changes.py", "test_life.py")):
            return next(iter(given & set(PLACEMENTS)))
        return " ".join([file, *sorted(given & set(STACKS))])


_LONGEST = ("test_failed_switch.py", "test_interruption.py", "test_failures.py", "test_switch.py")


def pytest_collection_modifyitems(items):
    """What runs longest begins first, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: _LONGEST.index(item.path.name) if item.path.name in _LONGEST else len(_LONGEST))


def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return OneProcessPerAccount(config, log)


@pytest.fixture(scope="session")
def cli():
    if not (shutil.which("pulumi") and shutil.which("pulumi-language-python")):
        message = "the Pulumi CLI is not on PATH, so nothing was proven with the real engine"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)


@pytest.fixture(scope="session")
def python(cli, tmp_path_factory):
    with interpreter.serving(tmp_path_factory.mktemp("python")) as environment:
        yield environment


@pytest.fixture(scope="module")
def account(python, tmp_path_factory):
    """A project and its account, shared by the tests of one module in their order."""
    with project(tmp_path_factory.mktemp("engine"), python=python) as made:
        yield made


@pytest.fixture(scope="module", params=STACKS)
def name(request):
    """Of the stack."""
    return request.param


@pytest.fixture(scope="session", params=PLACEMENTS)
def placement(request):
    return request.param


@pytest.fixture(scope="session")
def placed(python, placement, tmp_path_factory):
    """Both stacks of the repository on one placement in one account, from nothing; shared by its tests."""
    with project(tmp_path_factory.mktemp(placement), python=python) as made:
        made.join()
        for name in STACKS:
            made.place(name, placement)
            made.configure(name, {"alerts": {"sender": "alerts@example.com", "to": [f"{name}@example.com"]}})
            made.cloud.forget_calls()
            made.logs[name] = made.stack(name).up(diff=True, show_secrets=False).stdout
            made.calls[name] = made.cloud.calls()
        yield made
