"""Wire formats: bytes and streams in, plain values out, and the other way round.

Pure but for reading the stream that is handed over: nothing here opens a file, a clock or a
network.
"""

from __future__ import annotations

__all__: list[str] = []
