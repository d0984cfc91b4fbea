"""The rig of the fault injection: stores, the process that starts workers, the provider."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def zygote():
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    from outbox_rig.zygote import Zygote

    made = Zygote()
    yield made
    made.close()


@pytest.fixture(scope="session")
def provider():
    from outbox_rig.provider import Provider

    made = Provider()
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgresql():
    testing = pytest.importorskip(
        "tianfu_storage_sql.testing", reason="pip install 'tianfu-storage-sql[tests]'"
    )
    try:
        with testing.postgresql() as server:
            yield server
    except testing.NoServer as error:
        pytest.skip(str(error))


@pytest.fixture(
    scope="session",
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.server, pytest.mark.ci])],
)
def place(request, tmp_path_factory, zygote):
    from outbox_rig import places

    folder = tmp_path_factory.mktemp("place")
    if request.param == "sqlite":
        made = places.Sqlite(folder)
    else:
        made = places.Postgresql(folder, request.getfixturevalue("postgresql"))
    zygote.warm(made.whole, made.key_file)
    yield made
    made.close()
