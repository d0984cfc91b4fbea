"""A message centre by smpp34: answers each submit, and sends a receipt and an inbound message."""

import asyncio
import json
import sys

import smpp34


def tell(said):
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


async def main(port):
    server = smpp34.Server(host="127.0.0.1", port=port, system_id="SMPP34")
    await server.start()
    tell({"ready": True})
    esmes, tasks = {}, set()
    number = 0
    while True:
        event = await server.next()
        if isinstance(event, smpp34.Esme):
            esmes[event.session_id] = event
        elif isinstance(event, smpp34.SubmitSmEvent):
            number += 1
            if event.destination_addr.endswith("99"):
                event.reject(smpp34.ESME_RTHROTTLED)
                continue
            id_ = f"m{number}"
            event.accept(message_id=id_)
            said = {"to": event.destination_addr, "from": event.source_addr}
            tell(said | {"data": bytes(event.short_message).hex()})
            esme = next(one for one in esmes.values() if one.can_receive)
            text = f"id:{id_} sub:001 dlvrd:001 submit date:2601010829 done date:2601010830 stat:DELIVRD err:000 text:"
            for content, more in (
                (text.encode(), {"esm_class": 4}),
                ("退订".encode("utf-16-be"), {"data_coding": 8}),
            ):
                sent = esme.deliver_sm(
                    event.source_addr, content, source_addr=event.destination_addr, **more
                )
                task = asyncio.ensure_future(sent)
                tasks.add(task)
                task.add_done_callback(tasks.discard)


asyncio.run(main(int(sys.argv[1])))
