"""Against LibreTranslate's own HTTP layer, a process on this machine; for the night.

Its models come from the network and are not needed: words stand in for them. To have it:

    python3 -m venv lt && lt/bin/pip install libretranslate
    TIANFU_LIBRETRANSLATE=lt/bin/python nox -s deep
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import threading
from pathlib import Path

import pytest
import tianfu_translate_libretranslate
from tianfu_translate_libretranslate import LibreTranslateSettings, LibreTranslateTranslator

from tianfu_sdk import Hub
from tianfu_sdk.backends.http import HttpxTransport
from tianfu_sdk.core.languages import engine_runs
from tianfu_sdk.model.translation import Failed, Segment
from tianfu_sdk.testing import FrozenClock

pytestmark = [pytest.mark.deep, pytest.mark.server]

SERVE = Path(__file__).parent / "serve_real.py"
PYTHON = os.environ.get("TIANFU_LIBRETRANSLATE", "")


@contextlib.contextmanager
def served(folder, *arguments):
    if not PYTHON:
        pytest.skip("TIANFU_LIBRETRANSLATE names no Python that has libretranslate")
    process = subprocess.Popen(
        [PYTHON, str(SERVE), "--disable-files-translation", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    # What it loads takes seconds; where it says nothing, this ends it.
    patience = threading.Timer(90, process.kill)
    patience.start()
    try:
        port = process.stdout.readline().decode().strip()
        patience.cancel()
        assert port.isdigit(), "LibreTranslate did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        patience.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("libretranslate")
    with served(folder, "--char-limit", "60", "--batch-limit", "3") as url:
        yield url


@pytest.fixture
def transport():
    import httpx

    with httpx.Client() as client:
        yield HttpxTransport(client)


def run(transport, url, *texts, pair=("zh-Hans", "en"), **settings):
    """Send texts as a hub does; give what became of them, and the times waited."""
    codes = {"zh-Hans": "zh", "en": "en", "bo": "bo"}
    options = LibreTranslateSettings(base_url=url, codes=codes, **settings)
    engine = LibreTranslateTranslator(options, FrozenClock())
    waits = []

    def call(batch):
        return engine.result(batch, transport.send(engine.request(batch), timeout=30))

    line = engine_runs.Line(
        can=engine.capabilities, call=call, wait=waits.append, chance=random.Random(1)
    )
    segments = [Segment(str(n), text) for n, text in enumerate(texts)]
    results = engine_runs.run(line, segments, source=pair[0], target=pair[1])
    assert [one.id for one in results] == [one.id for one in segments]
    return [one.kind if isinstance(one, Failed) else one.text for one in results], waits


def test_texts_come_back_in_their_order(server, transport):
    said, waits = run(transport, server, "你好", "&lt;b&gt;再见", "{name}", texts_per_request=3)
    assert said == ["en 你好", "en &lt;b&gt;再见", "{name}"]
    assert waits == []


def test_what_is_over_its_limits_is_cut_and_put_together(server, transport):
    many = [f"第{n}句" for n in range(10)]
    said, _ = run(transport, server, *many, texts_per_request=10)
    assert said == [f"en {one}" for one in many]
    long = "请走楼梯。" * 20
    (whole,), _ = run(transport, server, long, texts_per_request=1)
    assert whole.replace("en ", "") == long


@pytest.mark.parametrize("pair", [("zh-Hans", "bo"), ("en", "bo")])
def test_a_pair_that_it_has_not_is_unsupported(server, transport, pair):
    assert run(transport, server, "hello", pair=pair, texts_per_request=3)[0] == ["unsupported"]


def test_a_model_that_fails_passes(server, transport):
    said, waits = run(transport, server, "memory", texts_per_request=3)
    assert said == ["transient"]
    assert len(waits) == engine_runs.ATTEMPTS - 1


def test_who_asks_too_often_is_told_without_a_time(tmp_path, transport):
    with served(tmp_path, "--req-limit", "2") as url:
        said, waits = run(transport, url, "一", "二", "三", texts_per_request=1)
    assert said == ["en 一", "en 二", "rate_limited"]
    assert waits == sorted(waits)


def test_a_task_is_drafted_by_it(server):
    table = {"base_url": server, "texts_per_request": 3, "max_characters": 60}
    with Hub.open(
        "memory:",
        plugins=[tianfu_translate_libretranslate],
        settings={"backends": {"libretranslate": table}},
        discover=False,
    ) as hub:
        first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        system = hub.as_system(reason="test")
        draft = hub.as_(first.id).resources.create(
            title="防洪",
            body="请到{place}集合。<b>勿</b>乘坐电梯。",
            organization=first.organization,
        )
        hub.as_(first.id).resources.submit(draft.id)
        second = system.accounts.create(organization=first.organization)
        system.accounts.grant(second.id, ["read", "approve"], kinds=["*"], region="510000")
        hub.as_(second.id).resources.approve(draft.id)
        task = hub.as_(first.id).translations.begin(draft.id, "en")
        task = hub.as_(first.id).translations.draft(task.id, "libretranslate")
    assert [one.target for one in task.segments] == [
        "en 防洪",
        "en 请到{place}集合。",
        "en <b>勿</b>乘坐电梯。",
    ]
