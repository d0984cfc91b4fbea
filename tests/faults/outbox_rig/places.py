"""Stores to begin from: a campaign that is approved, and a copy of it a seed."""

import base64
import contextlib
import itertools
import shutil
from datetime import UTC, datetime
from pathlib import Path

from outbox_rig.child import SETTINGS, plugins
from outbox_rig.gateway import NAME, OTHER, Gateway, Offer
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.subscriber import Consent

PEOPLE = 9


@contextlib.contextmanager
def approved(url, gateways=(NAME,), **more):
    """Open a hub with subscribers and an approved campaign a gateway or route."""
    with Hub.open(url, discover=False, **more) as hub:
        first = hub.bootstrap(organization="四川省科学技术协会", region="510000")
        me = hub.as_(first.id)
        second = me.accounts.create(organization=first.organization)
        me.accounts.grant(second.id, ["*"], region="510000")
        me.subscribers.add_many(
            [
                {
                    "phone": f"1380000{n:04d}",
                    "organization": first.organization,
                    "consents": [Consent(at=datetime(2026, 1, 1, tzinfo=UTC))],
                }
                for n in range(PEOPLE)
            ]
        )
        made = []
        for gateway in gateways:
            campaign = me.sms.compose(
                title="卒中防治",
                organization=first.organization,
                texts={"zh": "请立即拨打120。"},
                signature="四川科普",
                gateway=gateway,
            )
            hub.as_(second.id).sms.approve(campaign.id)
            made.append(campaign.id)
        yield hub, me, *made


def prepare(url, key_file):
    """Make a store to begin from; gives its account and campaigns: of one gateway, of two."""
    Path(key_file).write_text(base64.b64encode(bytes(range(32))).decode())
    settings = {**SETTINGS, "key_file": key_file, "erasures": key_file + ".log"}
    two = [Gateway("http://unused.test", phones=1, name=name) for name in (NAME, OTHER)]
    gateways = (NAME, {NAME: 2, OTHER: 1})
    offers = [Offer(*two), *plugins(url)]
    with approved(url, gateways, settings=settings, plugins=offers) as (_, me, *campaigns):
        return me._actor.account, *campaigns


class Sqlite:
    """Copies of a file; leases run on the workers' clock."""

    def __init__(self, folder):
        self._folder = folder
        self.key_file = str(folder / "master.key")
        self._whole = folder / "whole.db"
        made = prepare(f"sqlite:///{self._whole}", self.key_file)
        self.account, self.campaign, self.several = made
        self._path = folder / "seed.db"
        self.whole = f"sqlite:///{self._whole}"

    def fresh(self):
        """Give the URL of a store as it was at first."""
        for old in self._folder.glob("seed.db*"):
            old.unlink()
        shutil.copyfile(self._whole, self._path)
        return f"sqlite:///{self._path}"

    def time_passes(self):
        """Nothing to do: the next worker's clock is ahead."""

    def close(self):
        """Nothing to do."""


class Postgresql:
    """Copies of a database; its clock is the server's, so time is passed by hand."""

    def __init__(self, folder, server):
        import psycopg

        self._server = server
        self._numbers = itertools.count(1)
        self.key_file = str(folder / "master.key")
        self._admin = psycopg.connect(server.url("postgres"), autocommit=True)
        self._admin.execute("CREATE DATABASE whole")
        self.account, self.campaign, self.several = prepare(server.url("whole"), self.key_file)
        self._name = ""
        self.whole = server.url("whole")

    def fresh(self):
        """Give the URL of a store as it was at first."""
        if self._name:
            self._admin.execute(f"DROP DATABASE {self._name} WITH (FORCE)")
        self._name = f"seed{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {self._name} TEMPLATE whole")
        return self._server.url(self._name)

    def time_passes(self):
        """Let what is queued, leased, held or waited for be due, as time would."""
        import psycopg

        with psycopg.connect(self._server.url(self._name), autocommit=True) as connection:
            for statement in ALL_DUE:
                connection.execute(statement)

    def close(self):
        self._admin.close()


ALL_DUE = (
    "UPDATE tf_job SET due = 0, until = 0 WHERE state = 0",
    "UPDATE tf_d_lane SET k_messages = 0, k_calls = 0, k_parts = 0, k_until = 0",
    "UPDATE tf_d_seat SET k_until = 0",
)
