"""Serve LibreTranslate's own HTTP layer, with words that stand in for its models.

Run by a Python that has `libretranslate`, never imported by tests: it is AGPL, and large.
Prints the port that it listens on, on 127.0.0.1.
"""

from __future__ import annotations

import sys

# Of the environment that this is run in.
import libretranslate.init
import libretranslate.language
from libretranslate.app import create_app
from libretranslate.main import get_parser
from werkzeug.serving import make_server


class Said:
    def __init__(self, value):
        self.value, self.score = value, 0.0


class Pair:
    def __init__(self, source, target):
        self.from_lang, self.to_lang = source, target

    def hypotheses(self, text, number):
        if "memory" in text:
            raise MemoryError("out of memory")
        return [Said(f"{self.to_lang.code} {text}") for _ in range(number)]


class Language:
    def __init__(self, code):
        self.code, self.name, self.translations_from = code, code, []

    def get_translation(self, other):
        found = [pair for pair in self.translations_from if pair.to_lang is other]
        return found[0] if found else None


def languages():
    """Chinese and English both ways, Tibetan into Chinese only."""
    zh, en, bo = map(Language, ("zh", "en", "bo"))
    for source, target in ((zh, en), (en, zh), (bo, zh)):
        source.translations_from.append(Pair(source, target))
    return [en, zh, bo]


libretranslate.init.boot = lambda *_, **__: None
made = languages()
libretranslate.language.load_languages = lambda: made

arguments = get_parser().parse_args(sys.argv[1:])
app = create_app(arguments)
server = make_server("127.0.0.1", 0, app, threaded=True)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
