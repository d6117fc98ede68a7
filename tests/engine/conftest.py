"""Runs the real Pulumi engine against stand-in plugins: skipped with one loud line where the CLI is not on PATH."""

import shutil
import warnings

import pytest

from tests.engine.project import project


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/engine/" in item.path.as_posix():
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def cli():
    if not (shutil.which("pulumi") and shutil.which("pulumi-language-python")):
        message = "the Pulumi CLI is not on PATH, so nothing was proven with the real engine"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)


@pytest.fixture(scope="module")
def account(cli, tmp_path_factory):
    """A project and its account, shared by the tests of one module in their order."""
    with project(tmp_path_factory.mktemp("engine")) as made:
        yield made
