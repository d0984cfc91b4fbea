"""What a hub offers once it is open: a desk a noun, and the questions that need no desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tianfu_sdk.plugins import Plugins
from tianfu_sdk.services.asking.doors import Asking
from tianfu_sdk.services.desk.tools import Actor, Tools

if TYPE_CHECKING:
    from tianfu_sdk.model.event import Finding
    from tianfu_sdk.services.asking.questions import Questions
    from tianfu_sdk.services.content.activities import Activities
    from tianfu_sdk.services.content.bases import Bases
    from tianfu_sdk.services.content.channels import Channels
    from tianfu_sdk.services.content.clarifications import Clarifications
    from tianfu_sdk.services.content.importing import Importer
    from tianfu_sdk.services.content.media import MediaDesk
    from tianfu_sdk.services.content.news import NewsDesk
    from tianfu_sdk.services.content.notices import Notices
    from tianfu_sdk.services.content.resources import Resources
    from tianfu_sdk.services.content.studios import Studios
    from tianfu_sdk.services.desk.vocabularies import Vocabularies
    from tianfu_sdk.services.emergencies.emergencies import Emergencies
    from tianfu_sdk.services.languages.glossary import GlossaryDesk
    from tianfu_sdk.services.languages.memory import Memory
    from tianfu_sdk.services.languages.translations import Translations
    from tianfu_sdk.services.log.audit import Audit
    from tianfu_sdk.services.log.events import Events
    from tianfu_sdk.services.log.indicators import Indicators
    from tianfu_sdk.services.matching.contacts import Contacts
    from tianfu_sdk.services.matching.evaluations import Evaluations
    from tianfu_sdk.services.matching.experts import Experts
    from tianfu_sdk.services.matching.interests import Interests
    from tianfu_sdk.services.matching.listings import Listings
    from tianfu_sdk.services.matching.subscriptions import Subscriptions
    from tianfu_sdk.services.matching.workstations import Workstations
    from tianfu_sdk.services.offices.organizations import Organizations
    from tianfu_sdk.services.offices.regions import Regions
    from tianfu_sdk.services.people.accounts import Accounts
    from tianfu_sdk.services.people.personal import People
    from tianfu_sdk.services.people.registrations import Registrations
    from tianfu_sdk.services.people.subscribers import Subscribers
    from tianfu_sdk.services.sms.segments import Segments
    from tianfu_sdk.services.sms.sms import Sms
    from tianfu_sdk.services.sms.sms_policies import SmsPolicies
    from tianfu_sdk.services.sms.templates import Templates
    from tianfu_sdk.services.sms.words import WordLists
    from tianfu_sdk.services.store.jobs import Jobs
    from tianfu_sdk.services.store.keeping import Keeping
    from tianfu_sdk.services.store.keys import KeyDesk
    from tianfu_sdk.services.store.marks import Marks
    from tianfu_sdk.settings import Settings

__all__ = ["Desks"]


class Desks(Asking):
    """The desks of one hub on behalf of one actor; each is loaded when it is first used.

    Args:
        tools: What the hub was opened with.
        actor: Who acts.
        plugins: Those that came in.
    """

    def __init__(self, tools: Tools, actor: Actor, plugins: Plugins) -> None:
        super().__init__(tools, actor)
        self._plugins = plugins

    def doctor(self) -> list[Finding]:
        """Look whether the store is sound: file, audit, search index, keys, media, plugins.

        Returns:
            What was looked at and found, `ok`, `note` or `error`.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
        """
        from tianfu_sdk.services.store.doctor import Doctor

        return Doctor(self._tools, self._actor).look(tuple(self._plugins))

    def follow_index(self, limit: int = 10_000) -> int:
        """Let the search engine that `ask.engine` names take in what happened since last time.

        `tianfu worker` does this. An engine that is empty is built from what is published.

        Args:
            limit: Events at most.

        Returns:
            How many events were taken in; 0 also where no engine is named.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            PluginError: Nobody offers the engine.
        """
        from tianfu_sdk.services.store.following import Following

        return Following(self._tools, self._actor).follow(limit)

    def rebuild_index(self) -> int:
        """Build the search index anew from what is published, in one transaction.

        The engine that `ask.engine` names is built anew as well.

        Returns:
            How many documents it holds then.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
            Unsupported: `ask.no_search`, the store has no search engine.
        """
        from tianfu_sdk.services.store.doctor import Doctor

        return Doctor(self._tools, self._actor).rebuild_index()

    def rebuild_reach(self) -> int:
        """Hold the rows that campaigns are planned by against all subscribers, and mend them.

        `migrate` and `load` do this where rows are missing. Others read and write meanwhile;
        an interrupted run goes on when it is called again.

        Returns:
            How many rows were missing or wrong.

        Raises:
            Denied: `account.required`, only for the system (`as_system`).
        """
        from tianfu_sdk.services.sms.reach import Reaching

        return Reaching(self._tools, self._actor).run(anew=True)

    # Desks.

    @property
    def plugins(self) -> Plugins:
        """Plugins that came in, and those that did not, with the cause."""
        return self._plugins

    @property
    def settings(self) -> Settings:
        """The settings that this hub was opened with."""
        return self._tools.settings

    @property
    def regions(self) -> Regions:
        """Regions by GB/T 2260 code, on any day, and what is amended about them."""
        from tianfu_sdk.services.offices.regions import Regions

        return Regions(self._tools, self._actor)

    @property
    def organizations(self) -> Organizations:
        """Organizations."""
        from tianfu_sdk.services.offices.organizations import Organizations

        return Organizations(self._tools, self._actor)

    @property
    def accounts(self) -> Accounts:
        """Accounts and grants."""
        from tianfu_sdk.services.people.accounts import Accounts

        return Accounts(self._tools, self._actor)

    @property
    def audit(self) -> Audit:
        """Who did what."""
        from tianfu_sdk.services.log.audit import Audit

        return Audit(self._tools, self._actor)

    @property
    def events(self) -> Events:
        """What happened."""
        from tianfu_sdk.services.log.events import Events

        return Events(self._tools, self._actor)

    @property
    def keys(self) -> KeyDesk:
        """Master keys of this store, and their rotation; for the system."""
        from tianfu_sdk.services.store.keys import KeyDesk

        return KeyDesk(self._tools, self._actor)

    @property
    def people(self) -> People:
        """All that is held about a person: given out, or erased."""
        from tianfu_sdk.services.people.personal import People

        return People(self._tools, self._actor)

    @property
    def vocabularies(self) -> Vocabularies:
        """Open vocabularies."""
        from tianfu_sdk.services.desk.vocabularies import Vocabularies

        return Vocabularies(self._tools, self._actor)

    @property
    def jobs(self) -> Jobs:
        """What is queued, and what waits for a person."""
        from tianfu_sdk.services.store.jobs import Jobs

        return Jobs(self._tools, self._actor)

    @property
    def marks(self) -> Marks:
        """Small notes that jobs keep in the store; for the system."""
        from tianfu_sdk.services.store.marks import Marks

        return Marks(self._tools, self._actor)

    @property
    def keeping(self) -> Keeping:
        """Backups, dumps and what keeps a store; for the system."""
        from tianfu_sdk.services.store.keeping import Keeping

        return Keeping(self._tools, self._actor)

    @property
    def media(self) -> MediaDesk:
        """Media by their SHA-256."""
        from tianfu_sdk.services.content.media import MediaDesk

        return MediaDesk(self._tools, self._actor)

    @property
    def resources(self) -> Resources:
        """Science resources (科普资源)."""
        from tianfu_sdk.services.content.resources import Resources

        return Resources(self._tools, self._actor)

    @property
    def activities(self) -> Activities:
        """Science activities (科普活动)."""
        from tianfu_sdk.services.content.activities import Activities

        return Activities(self._tools, self._actor)

    @property
    def notices(self) -> Notices:
        """Notices (科普公告)."""
        from tianfu_sdk.services.content.notices import Notices

        return Notices(self._tools, self._actor)

    @property
    def news(self) -> NewsDesk:
        """News (科普动态)."""
        from tianfu_sdk.services.content.news import NewsDesk

        return NewsDesk(self._tools, self._actor)

    @property
    def bases(self) -> Bases:
        """Science bases (科普基地)."""
        from tianfu_sdk.services.content.bases import Bases

        return Bases(self._tools, self._actor)

    @property
    def clarifications(self) -> Clarifications:
        """Clarifications (辟谣), and whether a text repeats a known rumour."""
        from tianfu_sdk.services.content.clarifications import Clarifications

        return Clarifications(self._tools, self._actor)

    @property
    def studios(self) -> Studios:
        """Studios (科创工作室) under which services and achievements stand."""
        from tianfu_sdk.services.content.studios import Studios

        return Studios(self._tools, self._actor)

    @property
    def listings(self) -> Listings:
        """Supply and demand."""
        from tianfu_sdk.services.matching.listings import Listings

        return Listings(self._tools, self._actor)

    @property
    def contacts(self) -> Contacts:
        """Contact persons (联系人) of organizations, sealed."""
        from tianfu_sdk.services.matching.contacts import Contacts

        return Contacts(self._tools, self._actor)

    @property
    def interests(self) -> Interests:
        """Interests (意向) in listings, and what came of them."""
        from tianfu_sdk.services.matching.interests import Interests

        return Interests(self._tools, self._actor)

    @property
    def workstations(self) -> Workstations:
        """Academician (expert) workstations (院士(专家)工作站)."""
        from tianfu_sdk.services.matching.workstations import Workstations

        return Workstations(self._tools, self._actor)

    @property
    def evaluations(self) -> Evaluations:
        """Evaluations (评价) of workstations: checks, scores, reviews, outcomes."""
        from tianfu_sdk.services.matching.evaluations import Evaluations

        return Evaluations(self._tools, self._actor)

    @property
    def imports(self) -> Importer:
        """Tables of a user's own (CSV, workbook, JSON lines), taken in as drafts."""
        from tianfu_sdk.services.content.importing import Importer

        return Importer(self._tools, self._actor)

    @property
    def experts(self) -> Experts:
        """Experts (专家)."""
        from tianfu_sdk.services.matching.experts import Experts

        return Experts(self._tools, self._actor)

    @property
    def channels(self) -> Channels:
        """Channels (科普频道): a region's published content in one language."""
        from tianfu_sdk.services.content.channels import Channels

        return Channels(self._tools, self._actor)

    @property
    def memory(self) -> Memory:
        """What was translated and approved before (翻译记忆)."""
        from tianfu_sdk.services.languages.memory import Memory

        return Memory(self._tools, self._actor)

    @property
    def glossary(self) -> GlossaryDesk:
        """What concepts are called in each language (术语库)."""
        from tianfu_sdk.services.languages.glossary import GlossaryDesk

        return GlossaryDesk(self._tools, self._actor)

    @property
    def translations(self) -> Translations:
        """Translations (译文) of content, entered and approved by people."""
        from tianfu_sdk.services.languages.translations import Translations

        return Translations(self._tools, self._actor)

    @property
    def questions(self) -> Questions:
        """Questions that nothing published answers."""
        from tianfu_sdk.services.asking.questions import Questions

        return Questions(self._tools, self._actor)

    @property
    def subscribers(self) -> Subscribers:
        """Subscribers (受众) and their consents."""
        from tianfu_sdk.services.people.subscribers import Subscribers

        return Subscribers(self._tools, self._actor)

    @property
    def registrations(self) -> Registrations:
        """Registrations (报名) for activities: places, who waits, who came."""
        from tianfu_sdk.services.people.registrations import Registrations

        return Registrations(self._tools, self._actor)

    @property
    def segments(self) -> Segments:
        """Saved audiences (受众分组) of science SMS."""
        from tianfu_sdk.services.sms.segments import Segments

        return Segments(self._tools, self._actor)

    @property
    def subscriptions(self) -> Subscriptions:
        """Stored searches of organizations (订阅): told of what is published."""
        from tianfu_sdk.services.matching.subscriptions import Subscriptions

        return Subscriptions(self._tools, self._actor)

    @property
    def sms_policies(self) -> SmsPolicies:
        """Hours, caps and quotas of organizations' SMS."""
        from tianfu_sdk.services.sms.sms_policies import SmsPolicies

        return SmsPolicies(self._tools, self._actor)

    @property
    def sms(self) -> Sms:
        """Science SMS (科普短信)."""
        from tianfu_sdk.services.sms.sms import Sms

        return Sms(self._tools, self._actor)

    @property
    def templates(self) -> Templates:
        """Texts that operators of SMS gateways have approved (短信模板)."""
        from tianfu_sdk.services.sms.templates import Templates

        return Templates(self._tools, self._actor)

    @property
    def word_lists(self) -> WordLists:
        """Lists of words that science SMS may not have in them (敏感词)."""
        from tianfu_sdk.services.sms.words import WordLists

        return WordLists(self._tools, self._actor)

    @property
    def indicators(self) -> Indicators:
        """Indicators (绩效指标)."""
        from tianfu_sdk.services.log.indicators import Indicators

        return Indicators(self._tools, self._actor)

    @property
    def emergencies(self) -> Emergencies:
        """Emergencies (应急科普)."""
        from tianfu_sdk.services.emergencies.emergencies import Emergencies

        return Emergencies(self._tools, self._actor)
