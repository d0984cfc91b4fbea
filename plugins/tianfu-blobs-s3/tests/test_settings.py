"""The table of settings, and signatures; without a server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
import tianfu_blobs_s3
from tianfu_blobs_s3 import S3Blobs, S3Settings
from tianfu_blobs_s3.signing import signed_headers

from tianfu_sdk import Hub, Invalid, Secret
from tianfu_sdk.testing import FrozenClock

SECRET = "never-shown-anywhere"
TABLE = {
    "endpoint": "http://127.0.0.1:1",
    "access_key_id": "key",
    "secret_access_key": Secret(SECRET),
    "retries": 0,
    "timeout": 2.0,
}


def made(url="s3://kepu/media", **more):
    return S3Blobs(url, S3Settings(**TABLE | more), FrozenClock())


@pytest.mark.parametrize(
    "url", ["s3:", "s3://", "s3:///media", f"s3://key:{SECRET}@kepu/media", "s3://kepu?x=1"]
)
def test_a_url_without_a_bucket_or_with_more_than_that_is_refused(url):
    with pytest.raises(Invalid) as caught:
        made(url)
    assert (caught.value.code, caught.value.path) == ("hub.bad_url", "media")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"endpoint": "http://obs.example.cn"}, "s3.plain_http", "endpoint"),
        ({"endpoint": "http://127.0.0.1.example.cn"}, "s3.plain_http", "endpoint"),
        ({"endpoint": "ftp://obs.example.cn"}, "field.value", "endpoint"),
        ({"endpoint": "https://"}, "field.value", "endpoint"),
        ({"endpoint": "https://a:b@obs.example.cn"}, "field.value", "endpoint"),
        ({"endpoint": "https://obs.example.cn:x"}, "field.value", "endpoint"),
        ({"secret_access_key": None}, "field.missing", "secret_access_key"),
        ({"access_key_id": ""}, "field.missing", "access_key_id"),
        ({"timeout": 0.0}, "field.too_small", "timeout"),
        ({"retries": -1}, "field.too_small", "retries"),
    ],
)
def test_a_setting_that_cannot_be_is_named(more, code, path):
    with pytest.raises(Invalid) as caught:
        made(**more)
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize(
    "endpoint",
    ["http://localhost:8333", "http://[::1]:8333", "http://127.9.9.9", "https://obs.example.cn/"],
)
def test_an_endpoint_that_nobody_else_hears_is_fine(endpoint):
    made(endpoint=endpoint)
    made(endpoint="http://obs.example.cn", allow_http=True)


def test_nothing_shows_the_secret():
    blobs = made()
    assert repr(blobs) == "<S3Blobs s3://kepu/media>"
    assert SECRET not in repr(S3Settings(**TABLE))


def test_without_credentials_of_its_own_it_leaves_remains_to_the_bucket():
    options = S3Settings(endpoint="http://127.0.0.1:1")
    assert S3Blobs("s3://kepu", options, FrozenClock()).tidy(timedelta(0)) == 0


def test_a_hub_makes_it_of_its_settings_and_names_what_is_wrong(monkeypatch):
    monkeypatch.setenv("S3_SECRET", SECRET)

    def opened(**more):
        table = {"access_key_id": "key", "secret_access_key": {"env": "S3_SECRET"}} | more
        settings = {"media": "s3://kepu/media", "backends": {"s3": table}}
        return Hub.open("memory:", settings=settings, plugins=[tianfu_blobs_s3], discover=False)

    with opened() as hub:
        (info,) = [one for one in hub.plugins if not one.builtin]
        assert info.offers == ("blobs:s3",)
        assert repr(hub._tools.blobs) == "<S3Blobs s3://kepu/media>"
    with pytest.raises(Invalid) as caught:
        opened(endpont="x")
    assert (caught.value.code, caught.value.path) == ("field.unknown", "backends.s3.endpont")


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ({"lifecycle": ""}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            {"prefix": "J", "max-keys": "2"},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_signatures_are_those_of_the_examples_of_aws(query, signature):
    headers = signed_headers(
        "GET",
        "examplebucket.s3.amazonaws.com",
        "/",
        query,
        region="us-east-1",
        key_id="AKIAIOSFODNN7EXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        now=datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert headers["authorization"].endswith(f"Signature={signature}")


def test_every_setting_stands_in_the_readme():
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    (table,) = re.findall(r"\[backends\.s3\]\n(.*?)```", readme, re.DOTALL)
    named = re.findall(r"^(\w+) =", table, re.MULTILINE)
    assert named == [field.name for field in attrs.fields(S3Settings)]
