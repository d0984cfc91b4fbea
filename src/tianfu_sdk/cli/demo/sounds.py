"""Small media that the demo makes itself: a sound and an animation."""

from __future__ import annotations

import hashlib
import io
import math
import struct
import wave
from collections.abc import Iterator

__all__ = ["animation", "sound"]

_RATE = 8000
_SIZE = 48
_FRAMES = 12
_PALETTE = bytes([250, 250, 245, 30, 90, 160, 200, 60, 40, 120, 120, 120])


def sound(seed: str) -> tuple[bytes, float]:
    """Make a short melody as WAV, always the same for a seed.

    Args:
        seed: Such as the key of a text.

    Returns:
        The bytes, and the length in seconds.
    """
    notes = [220 * 2 ** (byte % 12 / 12) for byte in hashlib.sha256(seed.encode()).digest()[:6]]
    samples = bytearray()
    for pitch in notes:
        for n in range(_RATE // 4):
            fade = 1 - n / (_RATE // 4)
            samples.append(int(128 + 90 * fade * math.sin(2 * math.pi * pitch * n / _RATE)))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(_RATE)
        out.writeframes(bytes(samples))
    return stream.getvalue(), len(samples) / _RATE


def animation(seed: str) -> bytes:
    """Make a small animated GIF of two waves that run apart, always the same for a seed.

    Args:
        seed: Such as the key of a text.
    """
    turn = hashlib.sha256(seed.encode()).digest()[0] / 255
    header = b"GIF89a" + struct.pack("<HHBBB", _SIZE, _SIZE, 0xF1, 0, 0) + _PALETTE
    loop = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    frames = b"".join(_frame(list(_pixels(number, turn))) for number in range(_FRAMES))
    return header + loop + frames + b"\x3b"


def _pixels(frame: int, turn: float) -> Iterator[int]:
    quick, slow = frame * 3.4, frame * 2.0
    centre = _SIZE / 2 + turn * 6 - 3
    for y in range(_SIZE):
        for x in range(_SIZE):
            distance = math.hypot(x - centre, y - centre)
            if abs(distance - quick) < 1:
                yield 1
            elif abs(distance - slow) < 1:
                yield 2
            else:
                yield 3 if distance < 2 else 0  # noqa: PLR2004 - radius of the dot


def _frame(pixels: list[int]) -> bytes:
    control = b"\x21\xf9\x04\x04" + struct.pack("<HB", 12, 0) + b"\x00"
    place = b"\x2c" + struct.pack("<HHHHB", 0, 0, _SIZE, _SIZE, 0)
    data = _lzw(pixels)
    blocks = b"".join(
        bytes([len(part)]) + part for part in (data[n : n + 255] for n in range(0, len(data), 255))
    )
    return control + place + b"\x02" + blocks + b"\x00"


def _lzw(pixels: list[int]) -> bytes:
    # GIF89a, appendix F, with code size 2 and a clear code before the table can grow: not
    # small, but simple, and right.
    bits, count, out = 0, 0, bytearray()

    def put(code: int) -> None:
        nonlocal bits, count
        bits |= code << count
        count += 3
        while count >= 8:  # noqa: PLR2004 - a byte
            out.append(bits & 255)
            bits >>= 8
            count -= 8

    for number, pixel in enumerate(pixels):
        if number % 2 == 0:
            put(4)
        put(pixel)
    put(5)
    if count:
        out.append(bits & 255)
    return bytes(out)
