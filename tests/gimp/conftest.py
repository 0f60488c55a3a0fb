"""A real GIMP of each version, started once."""

import shutil

import pytest

from hosts.gimp import VERSIONS, RealGimp


@pytest.fixture(scope="session", params=list(VERSIONS))
def started(request):
    """A GIMP that was started once."""
    one = RealGimp(request.param, "first")
    assert one.console("say(Gimp.version())").startswith(request.param)
    yield one
    shutil.rmtree(one.work, ignore_errors=True)


@pytest.fixture
def gimp(started, request):
    one = RealGimp(started.version, str(abs(hash(request.node.name))), like=started)
    yield one
    shutil.rmtree(one.work, ignore_errors=True)
