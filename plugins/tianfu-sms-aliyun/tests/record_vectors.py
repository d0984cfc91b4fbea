"""Write `vectors.json`: what the vendor's own SDK sends and signs, with time and nonce frozen.

    python record_vectors.py

Needs `alibabacloud-dysmsapi20170525`; `test_vectors.py` holds the gateway against the file,
and, where CI runs it, the file against the SDK.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from unittest import mock

MOMENT, NONCE = "2026-01-01T08:30:00Z", "3156853299f313e23d1673dc12e1703d"
KEY, SECRET, STS = "LTAI-example-id", "secret-never-shown", "sts-token+/=="
TEXTS = {
    "chinese": "汛期请远离河道，拒收请回复R",
    "tibetan": "ཆུ་ལོག་སྔོན་འགོག བོད་ཡིག",
    "yi": "ꆈꌠꁱꂷ ꀋꉬ",
    "emoji": "🌊👩‍🔬 ⚠️",
    "delimiters": "~!*'()+&=/?#%,;:@$[]{}|^` \"\\",
    "blanks": "  a  b +c%20d ",
    "lines": "一\n二\t三",
}
PHONES = ["13900000001", "13900000002", "85251234567"]


def requests():
    """Give what each vector sends: an action and its parameters."""
    for name, text in TEXTS.items():
        values = json.dumps({"content": text}, ensure_ascii=False, separators=(",", ":"))
        send = {
            "OutId": "bat_1",
            "PhoneNumbers": ",".join(PHONES),
            "SignName": "科普 四川~*",
            "TemplateCode": "SMS_100000001",
            "TemplateParam": values,
        }
        yield f"{name} SendSms", "SendSms", send
    values = json.dumps([{"content": text} for text in TEXTS.values()], ensure_ascii=False)
    batch = {
        "OutId": "bat_1",
        "TemplateCode": "SMS_100000001",
        "PhoneNumberJson": json.dumps(PHONES),
        "SignNameJson": json.dumps(["科普 四川~*"] * 3, ensure_ascii=False),
        "TemplateParamJson": values,
    }
    yield "SendBatchSms", "SendBatchSms", batch
    yield (
        "QuerySendDetails",
        "QuerySendDetails",
        {"PhoneNumber": PHONES[0], "SendDate": "20260101", "PageSize": "50", "CurrentPage": "1"},
    )


def record():
    """Let the SDK send all of them to nobody, with and without temporary keys."""
    return [
        {"name": name, "action": action, "parameters": parameters, **_sent(action, parameters, sts)}
        for sts in (None, STS)
        for name, action, parameters in requests()
    ]


def _sent(action, parameters, sts):
    from alibabacloud_dysmsapi20170525 import models
    from alibabacloud_dysmsapi20170525.client import Client
    from alibabacloud_tea_openapi.utils import Utils
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.core import DaraCore
    from darabonba.runtime import RuntimeOptions

    keys = {"access_key_id": KEY, "access_key_secret": SECRET, "security_token": sts}
    client = Client(Config(endpoint="dysmsapi.aliyuncs.com", user_agent="t", **keys))
    verbs = {
        "SendSms": (models.SendSmsRequest, client.send_sms_with_options),
        "SendBatchSms": (models.SendBatchSmsRequest, client.send_batch_sms_with_options),
        "QuerySendDetails": (
            models.QuerySendDetailsRequest,
            client.query_send_details_with_options,
        ),
    }
    model, send = verbs[action]
    caught = []

    def keep(request, *_, **__):
        caught.append(request)
        raise ConnectionError

    request = model()
    request.from_map(parameters)
    with (
        mock.patch.object(Utils, "get_timestamp", return_value=MOMENT),
        mock.patch.object(Utils, "get_nonce", return_value=NONCE),
        mock.patch.object(DaraCore, "do_action", keep),
        contextlib.suppress(Exception),
    ):
        send(request, RuntimeOptions())
    (sent,) = caught
    headers = {name.lower(): value for name, value in sent.headers.items()}
    own = headers.pop("authorization")

    def sign(some):
        sent.headers = some
        payload = headers["x-acs-content-sha256"]
        return Utils.get_authorization(sent, "ACS3-HMAC-SHA256", payload, KEY, SECRET)

    assert sign(headers) == own
    # It names the machine that recorded.
    headers["user-agent"] = "any"
    least = {n: v for n, v in headers.items() if n in {"host", "content-type"} or "x-acs" in n}
    del least["x-acs-credentials-provider"]
    return {
        "sts": sts,
        "query": dict(sent.query),
        "body": sent.body or "",
        "headers": headers,
        "authorization": sign(headers),
        "authorization_of_least": sign(least),
    }


if __name__ == "__main__":
    path = Path(__file__).with_name("vectors.json")
    text = json.dumps(record(), ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", "utf-8")
