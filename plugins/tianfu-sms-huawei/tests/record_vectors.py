"""Write `vectors.json`: what the vendor's own SDK sends and signs, with time frozen.

    python record_vectors.py

Needs `huaweicloudsdksmsapi`; `test_vectors.py` holds the gateway against the file, and, where
CI runs it, the file against the SDK.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from unittest import mock

DATE = "20260101T083000Z"
KEY, SECRET = "app-key-example", "secret-never-shown"
TEXTS = {
    "chinese": "汛期请远离河道，拒收请回复R",
    "tibetan": "ཆུ་ལོག་སྔོན་འགོག བོད་ཡིག",
    "yi": "ꆈꌠꁱꂷ ꀋꉬ",
    "emoji": "🌊👩‍🔬 ⚠️",
    "delimiters": "~!*'()+&=/?#%,;:@$[]{}|^` \"\\",
    "blanks": "  a  b +c%20d ",
    "lines": "一\n二\t三",
}
PHONES = ["+8613900000001", "+8613900000002", "+85251234567"]
COMMON = {
    "_from": "8824110605",
    "status_callback": "https://hub.invalid/sms/huawei",
    "extend": "bat_1",
}


def record():
    """Let the SDK send each text by both calls to nobody."""
    vectors = []
    for name, text in TEXTS.items():
        form = COMMON | {
            "to": ",".join(PHONES),
            "template_id": "8ff55eac",
            "template_paras": json.dumps([text, "2"], ensure_ascii=False),
            "signature": "科普 四川~*",
        }
        vectors.append({"name": name, "call": "batchSendSms", "text": text, **_sent(form)})
        content = {
            "to": PHONES,
            "template_id": "8ff55eac",
            "template_paras": [text, "2"],
            "signature": "科普 四川~*",
        }
        diff = _sent(COMMON, content)
        vectors.append({"name": name, "call": "batchSendDiffSms", "text": text, **diff})
    return vectors


def _sent(fields, content=None):
    from huaweicloudsdkcore.sdk_request import SdkRequest
    from huaweicloudsdkcore.signer.signer import Signer
    from huaweicloudsdksmsapi import v1
    from huaweicloudsdksmsapi.v1.smsapi_credentials import SMSApiCredentials
    from requests.models import PreparedRequest

    credentials = SMSApiCredentials(ak=KEY, sk=SECRET)
    endpoint = "https://smsapi.cn-north-4.myhuaweicloud.com:443"
    client = (
        v1.SMSApiClient.new_builder().with_credentials(credentials).with_endpoint(endpoint).build()
    )
    caught = []

    def keep(request):
        caught.append(request)
        raise ConnectionError

    stamped = staticmethod(_stamp)
    with (
        mock.patch.object(client, "_do_http_request_sync", side_effect=keep),
        mock.patch.object(Signer, "_process_header_time", stamped),
        contextlib.suppress(Exception),
    ):
        if content is None:
            body = v1.BatchSendSmsRequestBody(**fields)
            client.batch_send_sms(v1.BatchSendSmsRequest(body=body))
        else:
            body = v1.BatchSendDiffSmsRequestBody(**fields, sms_content=[v1.SmsContent(**content)])
            client.batch_send_diff_sms(v1.BatchSendDiffSmsRequest(body=body))
    (sent,) = caught
    headers = {name.lower(): value for name, value in sent.header_params.items()}
    # It names the version of the SDK and the machine that recorded.
    headers["user-agent"] = "any"
    del headers["authorization"]
    wire = PreparedRequest()
    wire.prepare_headers({})
    wire.prepare_body(sent.body, None)
    wired = wire.body if isinstance(wire.body, str) else wire.body.decode()

    def sign(some):
        again = SdkRequest(
            method="POST",
            schema=sent.schema,
            host=sent.host,
            resource_path=sent.resource_path,
            query_params=[],
            header_params={_CASE.get(name, name): value for name, value in some.items()},
            body=sent.body,
            stream=False,
        )
        with mock.patch.object(Signer, "_process_header_time", stamped):
            return Signer(credentials).sign(again).header_params["Authorization"]

    least = {name: value for name, value in headers.items() if name != "user-agent"}
    least["host"] = "smsapi.cn-north-4.myhuaweicloud.com"
    return {
        "path": sent.resource_path,
        "body": wired,
        "headers": headers,
        "authorization": sign(headers),
        "authorization_of_least": sign(least),
    }


# As the SDK looks for them.
_CASE = {
    "content-type": "Content-Type",
    "x-sdk-content-sha256": "X-Sdk-Content-Sha256",
    "x-sdk-date": "X-Sdk-Date",
}


def _stamp(request):
    from datetime import datetime

    request.header_params["X-Sdk-Date"] = DATE
    return datetime.strptime(DATE, "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 - as the SDK does


if __name__ == "__main__":
    path = Path(__file__).with_name("vectors.json")
    text = json.dumps(record(), ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", "utf-8")
