"""`tianfu demo`: the whole service in one command."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from tianfu_sdk.cli.shared import echo_json, json_option, opened, shown_db, store_url
from tianfu_sdk.errors import CryptoError, Invalid, StorageUnavailable
from tianfu_sdk.hub import Hub
from tianfu_sdk.opening import scheme_of
from tianfu_sdk.settings import Settings

__all__ = ["demo"]

_NAMES = {
    "regions": "行政区划",
    "organizations": "组织",
    "accounts": "账号与授权",
    "resources": "科普资源",
    "page": "活动·动态·基地",
    "languages": "藏文·彝文",
    "subscribers": "受众",
    "sms": "科普短信",
    "emergency": "应急科普",
    "match": "智能匹配",
    "ask": "向科学要答案",
    "rumours": "辟谣",
    "views": "浏览",
    "indicators": "绩效指标",
    "doctor": "体检",
}


# The file gateway reaches nobody, so the demo need not wait for the morning.
_ANY_HOUR = {"window_start": "00:00", "window_end": "00:00"}


@click.command()
@click.option("--db", default="tianfu-demo.db", show_default=True, metavar="PATH|URL")
@json_option()
def demo(db: str, as_json: bool) -> None:  # noqa: FBT001
    """Run the whole service once on sample data and show what happened.

    Makes a new store; a second run on the same store changes nothing and shows the same.
    """
    url = store_url(db)
    _refuse_foreign(db)
    began = time.monotonic()
    with opened(url, make=True, sms=_ANY_HOUR) as hub:
        told = hub.as_system(reason="demo").marks.get("demo")
        if told is None:
            if hub.as_system(reason="demo").accounts.find(limit=1).items:
                raise Invalid("demo.foreign", path="db", db=db)
            _demand_places(url, hub.settings)
            summary = _run(hub, quiet=as_json)
            summary["seconds"] = round(time.monotonic() - began, 1)
            hub.as_system(reason="demo").marks.set("demo", json.dumps(summary, ensure_ascii=False))
        else:
            summary = json.loads(told)
            if "chapters" not in summary:
                raise Invalid("demo.interrupted", path="db", db=db)
    if as_json:
        echo_json(summary | {"db": db, "again": told is not None})
    else:
        _show(summary, db, again=told is not None)


def _refuse_foreign(db: str) -> None:
    # A file that is there but is no store of ours is refused by the store itself; this
    # catches what is not even a file.
    if "://" not in db and Path(db).is_dir():
        raise Invalid("demo.foreign", path="db", db=db)


def _demand_places(url: str, settings: Settings) -> None:
    # A server has nothing beside it, and half a demo would be of no use.
    if scheme_of(url) in {"sqlite", "memory"}:
        return
    if not settings.media:
        raise StorageUnavailable("media.nowhere", path="media")
    if settings.key is None and not (settings.key_file or settings.keys):
        raise CryptoError("keys.missing", path="key")


def _run(hub: Hub, *, quiet: bool) -> dict[str, Any]:
    from tianfu_sdk.cli.demo.story import tell

    hub.as_system(reason="demo").marks.set("demo", json.dumps({"begun": True}))
    chapters: dict[str, Any] = {}
    lines: dict[str, str] = {}
    for name, line, values in tell(hub):
        chapters[name] = values
        lines[name] = line
        if not quiet:
            click.echo(f"  ✓ {_NAMES[name]} {name}: {line}")
    return {"chapters": chapters, "lines": lines}


def _show(summary: dict[str, Any], db: str, *, again: bool) -> None:
    if again:
        click.echo("The demo ran on this store already; nothing was changed. It said:")
        for name, line in summary["lines"].items():
            click.echo(f"  ✓ {_NAMES[name]} {name}: {line}")
    click.echo("")
    click.echo("向科学要答案 / asked:")
    for asked in summary["chapters"]["ask"].values():
        click.echo(f"  问 {asked['asked']}")
        if asked["abstained"]:
            click.echo("  答 （没有可靠答案，已转交专家 / abstained, filed for an expert）")
        else:
            first = asked["answers"][0]
            click.echo(f"  答 {first['title']}：{first['passage'][:60]}…")
            click.echo(f"     来源 {first['source']} · {first['disclaimer']}")
    click.echo("")
    click.echo(f"Done in {summary['seconds']} s. Phones are fake, people are fictional. Try next:")
    store = shown_db(db)
    click.echo(f'  tianfu ask "一氧化碳中毒怎么办" --db {store}')
    click.echo(f"  tianfu find activity --db {store}")
    click.echo(f"  tianfu doctor --db {store}")
