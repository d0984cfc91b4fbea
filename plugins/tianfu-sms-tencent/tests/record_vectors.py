"""Write `vectors.json`: what the vendor's own SDK sends and signs, with time frozen.

    python record_vectors.py

Needs `tencentcloud-sdk-python-sms`; `test_vectors.py` holds the gateway against the file, and,
where CI runs it, the file against the SDK.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from unittest import mock

MOMENT = 1767256200
KEY, SECRET, STS = "AKID-example", "secret-never-shown", "sts-token+/=="
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


def requests():
    """Give what each vector sends: an action and its body."""
    for name, text in TEXTS.items():
        send = {
            "PhoneNumberSet": PHONES,
            "SmsSdkAppId": "1400006666",
            "TemplateId": "110",
            "SignName": "科普 四川~*",
            "TemplateParamSet": [text, ""],
            "SessionContext": "bat_1",
        }
        yield f"{name} SendSms", "SendSms", send
    for action in ("PullSmsSendStatus", "PullSmsReplyStatus"):
        yield action, action, {"Limit": 100, "SmsSdkAppId": "1400006666"}
    question = {
        "BeginTime": MOMENT - 86400,
        "Offset": 0,
        "Limit": 100,
        "PhoneNumber": PHONES[0],
        "SmsSdkAppId": "1400006666",
        "EndTime": MOMENT,
    }
    yield "question", "PullSmsSendStatusByPhoneNumber", question


def record():
    """Let the SDK send all of them to nobody, with and without temporary keys."""
    return [
        {"name": name, "action": action, "sts": sts, **_sent(action, plain, sts)}
        for sts in (None, STS)
        for name, action, plain in requests()
    ]


def _sent(action, plain, sts):
    from tencentcloud.common import abstract_client
    from tencentcloud.common.credential import Credential
    from tencentcloud.sms.v20210111 import models
    from tencentcloud.sms.v20210111.sms_client import SmsClient

    client = SmsClient(Credential(KEY, SECRET, sts), "ap-guangzhou")
    request = getattr(models, f"{action}Request")()
    request._deserialize(plain)
    caught = []

    def keep(sent, *_, **__):
        caught.append(sent)
        raise ConnectionError

    with (
        mock.patch.object(abstract_client.time, "time", return_value=MOMENT),
        mock.patch.object(abstract_client.ApiRequest, "send_request", side_effect=keep),
        contextlib.suppress(Exception),
    ):
        getattr(client, action)(request)
    (sent,) = caught
    headers = {name.lower(): value for name, value in sent.header.items()}
    # They name the SDK and the moment of recording, and are not signed.
    for name in ("x-tc-requestclient", "x-tc-traceid"):
        headers.pop(name, None)
    return {"body": sent.data, "headers": headers}


if __name__ == "__main__":
    path = Path(__file__).with_name("vectors.json")
    text = json.dumps(record(), ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", "utf-8")
