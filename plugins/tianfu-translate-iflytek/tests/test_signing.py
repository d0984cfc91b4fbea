"""What is signed is what the vendor's own SDK, its script and its page sign."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from tianfu_translate_iflytek.signing import authorization, date_of, digest_of

from tianfu_sdk import Secret

KEY, SECRET = Secret("vector-key"), Secret("vector-secret")
HMAC = 'api_key="{}", algorithm="hmac-sha256", headers="{}", signature="{}"'


def test_the_example_of_the_vendors_page_on_signatures():
    # xfyun.cn/doc/spark/general_url_authentication.html
    signed = authorization(
        Secret("addd2272b6d8b7c8abdd79531420ca3b"),
        Secret("MjlmNzkzNmZkMDQ2OTc0ZDdmNGE2ZTZi"),
        host="spark-api.xf-yun.com",
        date="Fri, 05 May 2023 10:43:39 GMT",
        line="GET /v1.1/chat HTTP/1.1",
    )
    assert signed.endswith('signature="z5gHdu3pxVV4ADMyk467wOWDQ9q6BQzR3nfMTjc/DaQ="')
    assert base64.b64encode(signed.encode()).decode() == (
        "YXBpX2tleT0iYWRkZDIyNzJiNmQ4YjdjOGFiZGQ3OTUzMTQyMGNhM2IiLCBhbGdvcml0aG09ImhtYWMtc2hhMjU2"
        "IiwgaGVhZGVycz0iaG9zdCBkYXRlIHJlcXVlc3QtbGluZSIsIHNpZ25hdHVyZT0iejVnSGR1M3B4VlY0QURNeWs0"
        "Njd3T1dEUTlxNkJRelIzbmZNVGpjL0RhUT0i"
    )


def test_what_the_vendors_sdk_signs_in_a_query():
    # iFLYTEK-OP/websdk-java at a8c9a76, Signature.signHostDateAuthorization, as run.
    signed = authorization(
        KEY,
        SECRET,
        host="itrans.xf-yun.com",
        date="Sun, 29 Nov 2026 21:34:55 UTC",
        line="POST /v1/its HTTP/1.1",
    )
    assert signed == HMAC.format(
        "vector-key", "host date request-line", "rVOL70uYJDGtgNC29pbtkArEPhr5h8s9QmnBNBMGBAU="
    )


def test_what_the_vendors_sdk_signs_in_headers():
    # The same, Signature.signHttpHeaderDigest.
    body = (
        '{"common":{"app_id":"vector-app"},"business":{"from":"cn","to":"ii"},'
        '"data":{"text":"6Ziy5rSq"}}'
    )
    digest = digest_of(body.encode())
    assert digest == "SHA-256=ckG9Qi5uPPtQ5l+AxHOu59Qep8zf6nuO/pP5vS850e8="
    signed = authorization(
        KEY,
        SECRET,
        host="itrans.xfyun.cn",
        date="Sun, 29 Nov 2026 21:34:55 GMT",
        line="POST /v2/its HTTP/1.1",
        digest=digest,
    )
    assert signed == HMAC.format(
        "vector-key",
        "host date request-line digest",
        "rqrf5ZLfv/pePWcmGxZi+j/97fnSAL6zIpoulSmdTTU=",
    )


@pytest.mark.parametrize(
    ("text", "digest", "signature"),
    [
        (
            "防洪 请到{1/}集合。",
            "g/7wZ+dwplfU60f/JB+tK8/zn9L7evdeCOdPhn+YOxE=",
            "NU7rj1BJEENyxXk4bfe18xpDZKWfpF/aS1jX/mWFHws=",
        ),
        (
            "བོད། ཆུ་ལོག",
            "VliJepfmA6ZustB4+IMa76GI+frPhZWNnp6QxBFfUVg=",
            "qm/JWS5hoBQmIuc4MZC3qkIXSqbAtO1TNz4hmwNxBM0=",
        ),
        (
            "ꆈꌠꉙ",
            "iNsYSCz2cnd6kZyN9cuRakMK5RpeKAZdNGzIwXv/168=",
            "YBSk0P+AdhwpWiZgEA94bbfA0pSqvobn7jAucEWyXDw=",
        ),
        (
            'a+b/c*d~e%f\n"g" 😀',
            "dizWy41WzF6qmclJIIzNOXIrGRhNHFXl9+RQ1xocbdA=",
            "TnK5WisLatBL4LkaqbnRspepRZOm90/Uc5lIYliY+ms=",
        ),
    ],
)
def test_what_the_vendors_script_signs(text, digest, signature):
    # iflytek/iFly-Skills at dad4aa1, ifly-translate/scripts/translate.py, as run.
    data = base64.b64encode(text.encode()).decode()
    body = (
        '{"common": {"app_id": "vector-app"}, "business": {"from": "cn", "to": "ii"},'
        f' "data": {{"text": "{data}"}}}}'
    )
    assert digest_of(body.encode()) == f"SHA-256={digest}"
    signed = authorization(
        KEY,
        SECRET,
        host="itrans.xfyun.cn",
        date=date_of(datetime(2026, 1, 1, 8, 30, tzinfo=UTC)),
        line="POST /v2/its HTTP/1.1",
        digest=f"SHA-256={digest}",
    )
    assert signed == HMAC.format("vector-key", "host date request-line digest", signature)
