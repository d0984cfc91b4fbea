"""What gateways that hold a session share: one thread and socket a link, a window, an inbox.

A plugin of such a protocol (CMPP, SMPP) brings a `Wire`, which is pure, and builds on
`tianfu_sdk.links.gateway.LinkGateway`.
"""

from __future__ import annotations
