# Generated from the hub by scripts/build_aio_stub.py; not to be edited by hand.

import builtins
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Generic, TypeVar
from tianfu_sdk.core.sms.routes import Asked
from tianfu_sdk.formats.tables import TableFormat
from tianfu_sdk.hub import Hub
from tianfu_sdk.model.account import Account, Action, Explanation, Grant
from tianfu_sdk.model.base import Quantity, When
from tianfu_sdk.model.channel import Channel, ChannelItem
from tianfu_sdk.model.content import (
    Activity,
    Base,
    BaseStatus,
    Change,
    Clarification,
    Measure,
    NearDuplicate,
    News,
    Notice,
    Repeated,
    Resource,
    Role,
    State,
    Verdict,
)
from tianfu_sdk.model.dump import Dumped, Loaded
from tianfu_sdk.model.emergency import (
    AfterAction,
    Alert,
    EmergencyReport,
    EmergencyState,
    Level,
    ResponsePlan,
)
from tianfu_sdk.model.event import (
    AuditLine,
    Consumer,
    Event,
    EventExport,
    ExportFormat,
    Finding,
    RollupState,
)
from tianfu_sdk.model.glossary import Concept, GlossaryReport, TermHit, TermProblem
from tianfu_sdk.model.http import HttpRequest, HttpResponse
from tianfu_sdk.model.importing import ImportReport
from tianfu_sdk.model.indicator import Adjustment, AsOf, DailyCount, Indicator, IndicatorReport
from tianfu_sdk.model.interest import ContactDetails, ContactPerson, Interest, InterestState, Side
from tianfu_sdk.model.judging import QuestionSet
from tianfu_sdk.model.keeping import BackedUp, Restored
from tianfu_sdk.model.keys import KeyReport, Rotated
from tianfu_sdk.model.listing import (
    Cooperation,
    Delivery,
    Expert,
    ExpertState,
    IpStatus,
    Listing,
    ListingKind,
    ListingProgress,
    Studio,
)
from tianfu_sdk.model.media import Collected, Media, MediaForm, MediaInfo
from tianfu_sdk.model.memory import MemoryHit, MemoryReport, MemoryUnit
from tianfu_sdk.model.next_step import CampaignExplanation
from tianfu_sdk.model.organization import Organization, OrganizationKind
from tianfu_sdk.model.personal import Erased, PersonalData
from tianfu_sdk.model.question import (
    Answers,
    Question,
    QuestionState,
    QuestionStatus,
    Related,
    Suggestion,
)
from tianfu_sdk.model.region import Region, RegionAmendment, RegionLevel, RekeyStep
from tianfu_sdk.model.registration import (
    Places,
    Registrant,
    Registration,
    RegistrationDetails,
    RegistrationState,
    Turnout,
)
from tianfu_sdk.model.rubric import CheckMethod, Rubric, Score
from tianfu_sdk.model.segment import Segment
from tianfu_sdk.model.sms import (
    Campaign,
    CampaignState,
    DispatchReport,
    Health,
    MessageState,
    Plan,
    SmsProgress,
    UnknownBatch,
)
from tianfu_sdk.model.sms_policy import QuotaLine, SmsPolicy
from tianfu_sdk.model.sms_report import SmsMessage
from tianfu_sdk.model.storage import JobInfo, JobState, JobView, SchemaChange
from tianfu_sdk.model.subscriber import Consent, Subscriber
from tianfu_sdk.model.subscription import Subscription
from tianfu_sdk.model.template import (
    Comparison,
    Severity,
    SmsTemplate,
    TemplateState,
    TemplateVariable,
    WordHit,
    WordList,
)
from tianfu_sdk.model.translation import (
    Coverage,
    EngineHealth,
    Missing,
    Readable,
    Translation,
    TranslationState,
)
from tianfu_sdk.model.translation_task import TaskState, TextProblem, TranslationTask
from tianfu_sdk.model.vocabulary import Term
from tianfu_sdk.model.workstation import (
    Evaluation,
    Ruling,
    Standing,
    Target,
    TeamMember,
    Workstation,
    WorkstationResult,
    WorkstationState,
)
from tianfu_sdk.plugins import Plugins
from tianfu_sdk.services.asking.judging import Measured
from tianfu_sdk.services.content.importing import Progress, Source
from tianfu_sdk.services.desk.page import Page
from tianfu_sdk.services.languages.glossary import GivenTerm
from tianfu_sdk.services.languages.glossary_files import GlossaryFormat
from tianfu_sdk.services.languages.memory import UnitProgress
from tianfu_sdk.services.languages.memory_files import FileSource, MemoryFormat
from tianfu_sdk.services.languages.translation_files import XliffReport
from tianfu_sdk.services.matching.experts import Answered
from tianfu_sdk.services.matching.results import Matches, Round
from tianfu_sdk.services.sms.campaigns import Template
from tianfu_sdk.services.sms.reporting import CampaignReport
from tianfu_sdk.settings import Settings

__all__ = ["THREADS", "Aio", "AioPage"]

T = TypeVar("T")
THREADS: int

class AioPage(Generic[T]):
    page: Page[T]
    items: tuple[T, ...]
    cursor: str | None
    def __init__(self, page: Page[T], call: Callable[..., Any]) -> None: ...
    def __aiter__(self) -> AsyncIterator[T]: ...
    async def next(self) -> AioPage[T] | None: ...
    async def to_dicts(self) -> list[dict[str, Any]]: ...

class Aio:
    def __init__(self, target: Hub) -> None: ...
    async def ask(
        self,
        text: str,
        *,
        region: str | None = ...,
        language: str | Sequence[str] | None = ...,
        kinds: Sequence[str] | None = ...,
        since: date | datetime | str | None = ...,
        until: date | datetime | str | None = ...,
        limit: int = ...,
        after: str | None = ...,
    ) -> Answers: ...
    async def suggest(
        self,
        prefix: str,
        *,
        region: str | None = ...,
        language: str | Sequence[str] | None = ...,
        kinds: Sequence[str] | None = ...,
        since: date | datetime | str | None = ...,
        until: date | datetime | str | None = ...,
        limit: int = ...,
    ) -> list[Suggestion]: ...
    async def related(
        self,
        id: str,
        *,
        language: str | Sequence[str] | None = ...,
        kinds: Sequence[str] | None = ...,
        since: date | datetime | str | None = ...,
        until: date | datetime | str | None = ...,
        limit: int = ...,
    ) -> list[Related]: ...
    async def match(
        self,
        id_or_noun: str | Listing,
        *,
        to: str | None = ...,
        limit: int = ...,
        weights: Mapping[str, float] | None = ...,
    ) -> Matches: ...
    async def match_round(
        self,
        projects: Sequence[str],
        experts: Sequence[str] | None = ...,
        *,
        capacity: int | None = ...,
        conflicts: Collection[tuple[str, str]] = ...,
        least: float = ...,
        weights: Mapping[str, float] | None = ...,
        solver: str | None = ...,
    ) -> Round: ...
    async def evaluate(
        self,
        sets: QuestionSet | Iterable[QuestionSet],
        *,
        through: str = ...,
        whole: bool = ...,
        seed: int = ...,
    ) -> Measured: ...
    async def doctor(self) -> list[Finding]: ...
    async def follow_index(self, limit: int = ...) -> int: ...
    async def rebuild_index(self) -> int: ...
    async def rebuild_reach(self) -> int: ...
    @property
    def plugins(self) -> Plugins: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def regions(self) -> AioRegions: ...
    @property
    def organizations(self) -> AioOrganizations: ...
    @property
    def accounts(self) -> AioAccounts: ...
    @property
    def audit(self) -> AioAudit: ...
    @property
    def events(self) -> AioEvents: ...
    @property
    def keys(self) -> AioKeyDesk: ...
    @property
    def people(self) -> AioPeople: ...
    @property
    def vocabularies(self) -> AioVocabularies: ...
    @property
    def jobs(self) -> AioJobs: ...
    @property
    def marks(self) -> AioMarks: ...
    @property
    def keeping(self) -> AioKeeping: ...
    @property
    def media(self) -> AioMediaDesk: ...
    @property
    def resources(self) -> AioResources: ...
    @property
    def activities(self) -> AioActivities: ...
    @property
    def notices(self) -> AioNotices: ...
    @property
    def news(self) -> AioNewsDesk: ...
    @property
    def bases(self) -> AioBases: ...
    @property
    def clarifications(self) -> AioClarifications: ...
    @property
    def studios(self) -> AioStudios: ...
    @property
    def listings(self) -> AioListings: ...
    @property
    def contacts(self) -> AioContacts: ...
    @property
    def interests(self) -> AioInterests: ...
    @property
    def workstations(self) -> AioWorkstations: ...
    @property
    def evaluations(self) -> AioEvaluations: ...
    @property
    def imports(self) -> AioImporter: ...
    @property
    def experts(self) -> AioExperts: ...
    @property
    def channels(self) -> AioChannels: ...
    @property
    def memory(self) -> AioMemory: ...
    @property
    def glossary(self) -> AioGlossaryDesk: ...
    @property
    def translations(self) -> AioTranslations: ...
    @property
    def questions(self) -> AioQuestions: ...
    @property
    def subscribers(self) -> AioSubscribers: ...
    @property
    def registrations(self) -> AioRegistrations: ...
    @property
    def segments(self) -> AioSegments: ...
    @property
    def subscriptions(self) -> AioSubscriptions: ...
    @property
    def sms_policies(self) -> AioSmsPolicies: ...
    @property
    def sms(self) -> AioSms: ...
    @property
    def templates(self) -> AioTemplates: ...
    @property
    def word_lists(self) -> AioWordLists: ...
    @property
    def indicators(self) -> AioIndicators: ...
    @property
    def emergencies(self) -> AioEmergencies: ...
    async def close(self) -> None: ...
    async def as_system(self, *, reason: str) -> Aio: ...
    async def bootstrap(
        self,
        *,
        organization: str,
        region: str,
        label: str = ...,
        kind: OrganizationKind | str = ...,
        aliases: Sequence[str] = ...,
        external_id: str | None = ...,
    ) -> Account: ...
    async def as_(self, account: str = ..., *, external_id: str | None = ...) -> Aio: ...
    async def unit(self, fn: Callable[[Hub], T]) -> T: ...
    async def with_options(
        self,
        *,
        timeout: float | None = ...,
        retries: int | None = ...,
        max_lag: timedelta | None = ...,
        accessible: bool | None = ...,
    ) -> Aio: ...

class AioAccounts:
    async def export(self, id: str, *, events: bool = ...) -> PersonalData: ...
    async def erase(self, id: str, *, reason: str = ...) -> Erased: ...
    async def create(
        self,
        *,
        organization: str,
        label: str = ...,
        person: str | None = ...,
        external_id: str | None = ...,
    ) -> Account: ...
    async def get(self, id: str) -> Account: ...
    async def find(
        self, *, organization: str | None = ..., after: str | None = ..., limit: int = ...
    ) -> AioPage[Account]: ...
    async def deactivate(self, id: str) -> Account: ...
    async def grant(
        self,
        account: str,
        actions: Sequence[Action | str],
        *,
        kinds: Sequence[str] = ...,
        region: str | None = ...,
        organization: str | None = ...,
        until: datetime | None = ...,
        parent: str | None = ...,
    ) -> Grant: ...
    async def revoke(self, grant: str, reason: str = ...) -> Grant: ...
    async def grants(self, account: str | None = ...) -> list[Grant]: ...
    async def why(self, account: str, action: Action | str, object: str) -> Explanation: ...

class AioActivities:
    async def get(self, id: str, *, revision: int | None = ...) -> Activity: ...
    async def find(
        self,
        *,
        state: State | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        topic: str | None = ...,
        language: str | None = ...,
        newest_first: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Activity]: ...
    async def stale(
        self, on: date, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[Activity]: ...
    async def revisions(self, id: str) -> list[Activity]: ...
    async def diff(self, id: str, before: int, after: int) -> list[Change]: ...
    async def near_duplicates(
        self, *, least: float = ..., limit: int = ...
    ) -> list[NearDuplicate]: ...
    async def export(self, id: str) -> dict[str, Any]: ...
    async def view(
        self,
        id: str,
        *,
        region: str = ...,
        channel: str = ...,
        language: str = ...,
        seconds: float | None = ...,
        client: str = ...,
    ) -> None: ...
    async def add(self, fields: Mapping[str, Any]) -> Activity: ...
    async def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[Activity]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Activity: ...
    async def submit(self, id: str) -> Activity: ...
    async def return_(self, id: str, comment: str) -> Activity: ...
    async def approve(self, id: str, comment: str = ...) -> Activity: ...
    async def publish(self, id: str) -> Activity: ...
    async def schedule(self, id: str, at: datetime) -> Activity: ...
    async def withdraw(self, id: str, reason: str) -> Activity: ...
    async def retract(self, id: str, reason: str) -> Activity: ...
    async def archive(self, id: str) -> Activity: ...
    async def publish_due(self, limit: int = ...) -> list[Activity]: ...
    async def by_key(self, organization: str, external_key: str) -> Activity | None: ...
    async def create(
        self,
        *,
        title: str,
        organization: str,
        body: str = ...,
        summary: str = ...,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        audience: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        media: Sequence[Media] = ...,
        licence: str = ...,
        source: str = ...,
        reviewer: str = ...,
        review_date: date | None = ...,
        expires_on: date | None = ...,
        disclaimer: str = ...,
        external_key: str = ...,
        when: When | None = ...,
        place: str = ...,
        roles: Sequence[Role] = ...,
        attendance: Quantity | None = ...,
        capacity: int | None = ...,
        registration: bool = ...,
        registration_opens: datetime | None = ...,
        registration_closes: datetime | None = ...,
        waitlist: bool = ...,
        largest_party: int = ...,
        measures: Sequence[Measure] = ...,
    ) -> Activity: ...

class AioAudit:
    async def find(
        self,
        *,
        subject: str | None = ...,
        actor: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[AuditLine]: ...
    async def verify(self) -> list[Finding]: ...
    async def seal_open(self, limit: int = ...) -> int: ...

class AioBases:
    async def get(self, id: str, *, revision: int | None = ...) -> Base: ...
    async def find(
        self,
        *,
        state: State | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        topic: str | None = ...,
        language: str | None = ...,
        newest_first: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Base]: ...
    async def stale(
        self, on: date, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[Base]: ...
    async def revisions(self, id: str) -> list[Base]: ...
    async def diff(self, id: str, before: int, after: int) -> list[Change]: ...
    async def near_duplicates(
        self, *, least: float = ..., limit: int = ...
    ) -> list[NearDuplicate]: ...
    async def export(self, id: str) -> dict[str, Any]: ...
    async def view(
        self,
        id: str,
        *,
        region: str = ...,
        channel: str = ...,
        language: str = ...,
        seconds: float | None = ...,
        client: str = ...,
    ) -> None: ...
    async def add(self, fields: Mapping[str, Any]) -> Base: ...
    async def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[Base]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Base: ...
    async def submit(self, id: str) -> Base: ...
    async def return_(self, id: str, comment: str) -> Base: ...
    async def approve(self, id: str, comment: str = ...) -> Base: ...
    async def publish(self, id: str) -> Base: ...
    async def schedule(self, id: str, at: datetime) -> Base: ...
    async def withdraw(self, id: str, reason: str) -> Base: ...
    async def retract(self, id: str, reason: str) -> Base: ...
    async def archive(self, id: str) -> Base: ...
    async def publish_due(self, limit: int = ...) -> list[Base]: ...
    async def by_key(self, organization: str, external_key: str) -> Base | None: ...
    async def create(
        self,
        *,
        title: str,
        organization: str,
        body: str = ...,
        summary: str = ...,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        audience: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        media: Sequence[Media] = ...,
        licence: str = ...,
        source: str = ...,
        reviewer: str = ...,
        review_date: date | None = ...,
        expires_on: date | None = ...,
        disclaimer: str = ...,
        external_key: str = ...,
        kind: str = ...,
        status: BaseStatus | str = ...,
        named_from: date | None = ...,
        named_to: date | None = ...,
        address: str = ...,
        shared: bool = ...,
        floor_area: float | None = ...,
        open_days: int | None = ...,
        youth_free: bool | None = ...,
    ) -> Base: ...

class AioChannels:
    async def create(
        self,
        *,
        name: str,
        organization: str,
        language: str,
        region: str | None = ...,
        kinds: Sequence[str] = ...,
        topics: Sequence[str] = ...,
    ) -> Channel: ...
    async def edit(
        self,
        id: str,
        *,
        name: str | None = ...,
        kinds: Sequence[str] | None = ...,
        topics: Sequence[str] | None = ...,
        version: int | None = ...,
    ) -> Channel: ...
    async def get(self, id: str) -> Channel: ...
    async def find(
        self,
        *,
        language: str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Channel]: ...
    async def items(
        self, id: str, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[ChannelItem]: ...

class AioClarifications:
    async def get(self, id: str, *, revision: int | None = ...) -> Clarification: ...
    async def find(
        self,
        *,
        state: State | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        topic: str | None = ...,
        language: str | None = ...,
        newest_first: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Clarification]: ...
    async def stale(
        self, on: date, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[Clarification]: ...
    async def revisions(self, id: str) -> list[Clarification]: ...
    async def diff(self, id: str, before: int, after: int) -> list[Change]: ...
    async def near_duplicates(
        self, *, least: float = ..., limit: int = ...
    ) -> list[NearDuplicate]: ...
    async def export(self, id: str) -> dict[str, Any]: ...
    async def view(
        self,
        id: str,
        *,
        region: str = ...,
        channel: str = ...,
        language: str = ...,
        seconds: float | None = ...,
        client: str = ...,
    ) -> None: ...
    async def add(self, fields: Mapping[str, Any]) -> Clarification: ...
    async def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[Clarification]: ...
    async def edit(
        self, id: str, *, version: int | None = ..., **changes: Any
    ) -> Clarification: ...
    async def submit(self, id: str) -> Clarification: ...
    async def return_(self, id: str, comment: str) -> Clarification: ...
    async def approve(self, id: str, comment: str = ...) -> Clarification: ...
    async def publish(self, id: str) -> Clarification: ...
    async def schedule(self, id: str, at: datetime) -> Clarification: ...
    async def withdraw(self, id: str, reason: str) -> Clarification: ...
    async def retract(self, id: str, reason: str) -> Clarification: ...
    async def archive(self, id: str) -> Clarification: ...
    async def publish_due(self, limit: int = ...) -> list[Clarification]: ...
    async def by_key(self, organization: str, external_key: str) -> Clarification | None: ...
    async def create(
        self,
        *,
        title: str,
        organization: str,
        body: str = ...,
        summary: str = ...,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        audience: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        media: Sequence[Media] = ...,
        licence: str = ...,
        source: str = ...,
        reviewer: str = ...,
        review_date: date | None = ...,
        expires_on: date | None = ...,
        disclaimer: str = ...,
        external_key: str = ...,
        rumour: str,
        verdict: Verdict | str,
        variants: Sequence[str] = ...,
        evidence: Sequence[str] = ...,
    ) -> Clarification: ...
    async def check(self, text: str, *, limit: int = ...) -> list[Repeated]: ...

class AioContacts:
    async def export(self, id: str, *, events: bool = ...) -> PersonalData: ...
    async def erase(self, id: str, *, reason: str = ...) -> Erased: ...
    async def create(
        self, *, organization: str, name: str, phone: str = ..., email: str = ..., note: str = ...
    ) -> ContactPerson: ...
    async def get(self, id: str) -> ContactPerson: ...
    async def find(
        self,
        *,
        region: str | None = ...,
        organization: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[ContactPerson]: ...
    async def edit(
        self,
        id: str,
        *,
        version: int | None = ...,
        name: str | None = ...,
        phone: str | None = ...,
        email: str | None = ...,
        note: str | None = ...,
    ) -> ContactPerson: ...
    async def reveal(self, id: str, *, reason: str = ...) -> ContactDetails: ...

class AioEmergencies:
    async def create_plan(
        self,
        *,
        name: str,
        organization: str,
        event_type: str,
        texts: Mapping[str, str],
        signature: str,
        region: str | None = ...,
        levels: Sequence[Level | str] = ...,
        resources: Sequence[str] = ...,
        gateway: str = ...,
        topic: str = ...,
    ) -> ResponsePlan: ...
    async def get_plan(self, id: str) -> ResponsePlan: ...
    async def find_plans(
        self, *, event_type: str | None = ..., after: str | None = ..., limit: int = ...
    ) -> AioPage[ResponsePlan]: ...
    async def edit_plan(
        self, id: str, *, version: int | None = ..., **changes: Any
    ) -> ResponsePlan: ...
    async def approve_texts(self, id: str, *languages: str) -> ResponsePlan: ...
    async def text_problems(self, id: str) -> tuple[TextProblem, ...]: ...
    async def report(
        self,
        *,
        title: str,
        event_type: str,
        level: Level | str,
        organization: str,
        happened_at: datetime,
        region: str | None = ...,
        description: str = ...,
        alert: Alert | None = ...,
        drill: bool = ...,
    ) -> EmergencyReport: ...
    async def get(self, id: str) -> EmergencyReport: ...
    async def find(
        self,
        *,
        state: EmergencyState | str | None = ...,
        event_type: str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[EmergencyReport]: ...
    async def verify(self, id: str) -> EmergencyReport: ...
    async def reject(self, id: str, reason: str) -> EmergencyReport: ...
    async def respond(
        self,
        id: str,
        plan: str | None = ...,
        *,
        number: float | None = ...,
        override_reason: str = ...,
    ) -> EmergencyReport: ...
    async def close(self, id: str, summary: str = ...) -> EmergencyReport: ...
    async def after_action(self, id: str) -> AfterAction: ...

class AioEvaluations:
    async def score(
        self, rubric: Rubric | Mapping[str, Any] | str, values: Mapping[str, float | None]
    ) -> Score: ...
    async def open(
        self,
        subject: str,
        *,
        start: date,
        end: date,
        rubric: Rubric | Mapping[str, Any] | str | None = ...,
    ) -> Evaluation: ...
    async def get(self, id: str) -> Evaluation: ...
    async def history(self, subject: str) -> list[Evaluation]: ...
    async def check(
        self,
        id: str,
        *,
        method: CheckMethod | str,
        on: date,
        findings: str,
        evidence: Sequence[str] = ...,
    ) -> Evaluation: ...
    async def fill(self, id: str, values: Mapping[str, float | None]) -> Evaluation: ...
    async def submit(self, id: str) -> Evaluation: ...
    async def review(self, id: str, verdict: Ruling | str, comment: str) -> Evaluation: ...
    async def return_(self, id: str, reason: str) -> Evaluation: ...
    async def decide(
        self, id: str, outcome: Ruling | str, *, rectify_until: date | None = ..., reason: str = ...
    ) -> Evaluation: ...

class AioEvents:
    async def read(self, after: str | None = ..., limit: int = ...) -> list[tuple[str, Event]]: ...
    async def consume(
        self, name: str, handle: Callable[[Event], None], *, limit: int = ..., batch: int = ...
    ) -> int: ...
    async def consumers(self) -> list[Consumer]: ...
    async def forget(self, name: str, *, owner: str | None = ...) -> None: ...
    async def hand_over(self, name: str, *, owner: str, to: str) -> Consumer: ...
    async def roll_up(self, limit: int = ...) -> int: ...
    async def rollups(self) -> RollupState: ...
    async def rebuild_rollups(self, *, progress: Callable[[int], None] | None = ...) -> int: ...
    async def verify_rollups(self) -> list[Finding]: ...
    async def export(
        self,
        folder: str | Path,
        *,
        format: ExportFormat | str = ...,
        after: str | None = ...,
        progress: Callable[[int], None] | None = ...,
    ) -> EventExport: ...

class AioExperts:
    async def export(self, id: str, *, events: bool = ...) -> PersonalData: ...
    async def erase(self, id: str, *, reason: str = ...) -> Erased: ...
    async def create(
        self,
        *,
        name: str,
        organization: str,
        title: str = ...,
        profile: str = ...,
        region: str | None = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        languages: Sequence[str] = ...,
        capacity: int = ...,
        fields: Sequence[str] = ...,
        affiliations: Sequence[str] = ...,
        availability: str = ...,
        appointed_from: date | None = ...,
        appointed_to: date | None = ...,
        draft: bool = ...,
    ) -> Expert: ...
    async def get(self, id: str) -> Expert: ...
    async def find(
        self,
        *,
        topic: str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        state: ExpertState | str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Expert]: ...
    async def answered(self, id: str) -> list[Answered]: ...
    async def edit(
        self, id: str, *, version: int | None = ..., name: str | None = ..., **changes: Any
    ) -> Expert: ...
    async def publish(self, id: str) -> Expert: ...
    async def suspend(self, id: str, reason: str) -> Expert: ...
    async def reveal(self, id: str) -> str: ...

class AioGlossaryDesk:
    async def add(
        self,
        *,
        organization: str,
        terms: Iterable[GivenTerm],
        subject: str = ...,
        definition: str = ...,
        note: str = ...,
        required: bool = ...,
        region: str | None = ...,
    ) -> Concept: ...
    async def get(self, id: str) -> Concept: ...
    async def find(
        self,
        *,
        organization: str | None = ...,
        language: str | None = ...,
        active: bool | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Concept]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Concept: ...
    async def scan(
        self, text: str, language: str, *, organization: str | None = ...
    ) -> list[TermHit]: ...
    async def check(
        self,
        source_text: str,
        target_text: str,
        *,
        source: str,
        target: str,
        organization: str | None = ...,
    ) -> list[TermProblem]: ...
    async def problems(self, translation_id: str) -> list[TermProblem]: ...
    async def load(
        self,
        source: FileSource,
        *,
        organization: str,
        region: str | None = ...,
        format: GlossaryFormat | str | None = ...,
        dry_run: bool = ...,
        progress: Callable[[int], None] | None = ...,
    ) -> GlossaryReport: ...
    async def export(
        self, format: GlossaryFormat | str = ..., *, organization: str | None = ...
    ) -> bytes: ...

class AioImporter:
    async def check(
        self,
        source: Source,
        *,
        kind: str,
        format: TableFormat | str | None = ...,
        organization: str | None = ...,
        overwrite: bool = ...,
        copies: bool = ...,
        progress: Progress | None = ...,
    ) -> ImportReport: ...
    async def load(
        self,
        source: Source,
        *,
        kind: str,
        format: TableFormat | str | None = ...,
        organization: str | None = ...,
        skip_bad: bool = ...,
        skip_copies: bool = ...,
        overwrite: bool = ...,
        batch: int = ...,
        progress: Progress | None = ...,
    ) -> ImportReport: ...

class AioIndicators:
    async def report(
        self,
        organization: str,
        *,
        start: datetime,
        end: datetime,
        adjustments: Sequence[Adjustment] = ...,
        as_of: AsOf | str = ...,
    ) -> IndicatorReport: ...
    async def evidence(
        self,
        organization: str,
        indicator: Indicator | str,
        *,
        start: datetime,
        end: datetime,
        after: str | None = ...,
        limit: int = ...,
        as_of: AsOf | str = ...,
    ) -> AioPage[Event]: ...
    async def daily(
        self,
        *,
        first: date,
        last: date,
        region: str | None = ...,
        organization: str | None = ...,
        level: RegionLevel | str | None = ...,
        types: Sequence[str] | None = ...,
        as_of: AsOf | str = ...,
        exact: bool = ...,
    ) -> AioPage[DailyCount]: ...

class AioInterests:
    async def express(self, listing: str, *, from_: str, contact: str = ...) -> Interest: ...
    async def get(self, id: str) -> Interest: ...
    async def find(
        self,
        *,
        listing: str | None = ...,
        organization: str | None = ...,
        state: InterestState | str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Interest]: ...
    async def contact(
        self, id: str, *, side: Side | str | None = ..., reason: str = ...
    ) -> ContactDetails: ...
    async def accept(self, id: str, *, contact: str = ...) -> Interest: ...
    async def decline(self, id: str, reason: str) -> Interest: ...
    async def withdraw(self, id: str, reason: str) -> Interest: ...
    async def agree(self, id: str, *, side: Side | str | None = ...) -> Interest: ...
    async def fail(self, id: str, reason: str, *, side: Side | str | None = ...) -> Interest: ...
    async def report(
        self,
        id: str,
        *,
        kind: Cooperation | str,
        signed_on: date,
        evidence: Sequence[str],
        amount: Quantity | int | None = ...,
        note: str = ...,
        side: Side | str | None = ...,
    ) -> Interest: ...
    async def confirm(self, id: str, *, side: Side | str | None = ...) -> Interest: ...

class AioJobs:
    async def queues(self) -> Sequence[str]: ...
    async def list(
        self,
        queue: str,
        *,
        state: JobState | str | None = ...,
        after: int | None = ...,
        limit: int = ...,
    ) -> builtins.list[JobInfo]: ...
    async def get(self, queue: str, id: int) -> JobView: ...
    async def release(self, queue: str, ids: Sequence[int]) -> int: ...
    async def drop(self, queue: str, group: str) -> int: ...
    async def purge(self, queue: str, before: datetime, limit: int = ...) -> int: ...

class AioKeeping:
    async def backup(
        self,
        target: str | Path,
        *,
        media: bool | None = ...,
        progress: Callable[[int, int], None] | None = ...,
    ) -> BackedUp: ...
    async def dump(
        self,
        target: str | Path,
        *,
        media: bool | None = ...,
        progress: Callable[[int, int], None] | None = ...,
    ) -> Dumped: ...
    async def load(
        self, source: str | Path, *, progress: Callable[[int, int], None] | None = ...
    ) -> Loaded: ...
    async def content_hash(self) -> Mapping[str, str]: ...
    async def restored(self, source: str | Path) -> Restored: ...
    async def migrated(self, steps: Sequence[SchemaChange]) -> None: ...

class AioKeyDesk:
    async def report(self) -> KeyReport: ...
    async def rotate(
        self, *, batch: int = ..., progress: Callable[[Rotated], None] | None = ...
    ) -> Rotated: ...
    async def rewrap(
        self, *, batch: int = ..., progress: Callable[[Rotated], None] | None = ...
    ) -> Rotated: ...
    async def reindex(
        self, *, batch: int = ..., progress: Callable[[Rotated], None] | None = ...
    ) -> Rotated: ...

class AioListings:
    async def get(self, id: str, *, revision: int | None = ...) -> Listing: ...
    async def find(
        self,
        *,
        kind: ListingKind | str | None = ...,
        studio: str | None = ...,
        progress: ListingProgress | str | None = ...,
        state: State | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        topic: str | None = ...,
        language: str | None = ...,
        newest_first: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Listing]: ...
    async def stale(
        self, on: date, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[Listing]: ...
    async def revisions(self, id: str) -> list[Listing]: ...
    async def diff(self, id: str, before: int, after: int) -> list[Change]: ...
    async def near_duplicates(
        self, *, least: float = ..., limit: int = ...
    ) -> list[NearDuplicate]: ...
    async def export(self, id: str) -> dict[str, Any]: ...
    async def view(
        self,
        id: str,
        *,
        region: str = ...,
        channel: str = ...,
        language: str = ...,
        seconds: float | None = ...,
        client: str = ...,
    ) -> None: ...
    async def add(self, fields: Mapping[str, Any]) -> Listing: ...
    async def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[Listing]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Listing: ...
    async def submit(self, id: str) -> Listing: ...
    async def return_(self, id: str, comment: str) -> Listing: ...
    async def approve(self, id: str, comment: str = ...) -> Listing: ...
    async def publish(self, id: str) -> Listing: ...
    async def schedule(self, id: str, at: datetime) -> Listing: ...
    async def withdraw(self, id: str, reason: str) -> Listing: ...
    async def retract(self, id: str, reason: str) -> Listing: ...
    async def archive(self, id: str) -> Listing: ...
    async def publish_due(self, limit: int = ...) -> list[Listing]: ...
    async def by_key(self, organization: str, external_key: str) -> Listing | None: ...
    async def create(
        self,
        *,
        title: str,
        organization: str,
        kind: ListingKind | str,
        body: str = ...,
        summary: str = ...,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        audience: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        media: Sequence[Media] = ...,
        licence: str = ...,
        source: str = ...,
        reviewer: str = ...,
        review_date: date | None = ...,
        expires_on: date | None = ...,
        disclaimer: str = ...,
        external_key: str = ...,
        deadline: date | None = ...,
        capacity: int | None = ...,
        terms: str = ...,
        cooperation: Sequence[Cooperation | str] = ...,
        budget: Quantity | int | None = ...,
        budget_most: int | None = ...,
        contact: str = ...,
        studio: str = ...,
        delivery: Delivery | str | None = ...,
        maturity: int | None = ...,
        ip_status: IpStatus | str | None = ...,
        ip_numbers: Sequence[str] = ...,
        starts_on: date | None = ...,
        ends_on: date | None = ...,
        requirements: str = ...,
        wanted_media: Sequence[MediaForm | str] = ...,
    ) -> Listing: ...
    async def interest(self, listing: str, *, from_: str, contact: str = ...) -> Interest: ...
    async def close(self, id: str, reason: str) -> Listing: ...
    async def reopen(self, id: str, reason: str) -> Listing: ...

class AioMarks:
    async def get(self, name: str) -> str | None: ...
    async def set(self, name: str, text: str) -> None: ...

class AioMediaDesk:
    async def add(
        self,
        source: bytes | BinaryIO | Path,
        *,
        media_type: str | None = ...,
        size: int | None = ...,
    ) -> MediaInfo: ...
    async def open(self, digest: str, start: int = ..., length: int | None = ...) -> BinaryIO: ...
    async def use(
        self,
        info: MediaInfo,
        *,
        title: str = ...,
        alt: str = ...,
        transcript: str = ...,
        seconds: float | None = ...,
    ) -> Media: ...
    async def collect(
        self, *, grace: timedelta = ..., every: timedelta | None = ...
    ) -> Collected: ...

class AioMemory:
    async def lookup(
        self,
        text: str,
        *,
        source: str,
        target: str,
        before: str = ...,
        after: str = ...,
        least: float = ...,
        limit: int = ...,
    ) -> list[MemoryHit]: ...
    async def suggestions(
        self, task_id: str, *, least: float = ..., limit: int = ...
    ) -> dict[str, list[MemoryHit]]: ...
    async def get(self, id: str) -> MemoryUnit: ...
    async def find(
        self,
        *,
        language: str | None = ...,
        active: bool | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[MemoryUnit]: ...
    async def retire(self, id: str, reason: str = ...) -> MemoryUnit: ...
    async def load(
        self,
        source: FileSource,
        *,
        organization: str,
        region: str | None = ...,
        format: MemoryFormat | str | None = ...,
        dry_run: bool = ...,
        progress: UnitProgress | None = ...,
    ) -> MemoryReport: ...
    async def export(
        self,
        target: str | Path | BinaryIO,
        *,
        languages: tuple[str, ...] = ...,
        format: MemoryFormat | str | None = ...,
        progress: UnitProgress | None = ...,
    ) -> int: ...

class AioNewsDesk:
    async def get(self, id: str, *, revision: int | None = ...) -> News: ...
    async def find(
        self,
        *,
        state: State | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        topic: str | None = ...,
        language: str | None = ...,
        newest_first: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[News]: ...
    async def stale(
        self, on: date, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[News]: ...
    async def revisions(self, id: str) -> list[News]: ...
    async def diff(self, id: str, before: int, after: int) -> list[Change]: ...
    async def near_duplicates(
        self, *, least: float = ..., limit: int = ...
    ) -> list[NearDuplicate]: ...
    async def export(self, id: str) -> dict[str, Any]: ...
    async def view(
        self,
        id: str,
        *,
        region: str = ...,
        channel: str = ...,
        language: str = ...,
        seconds: float | None = ...,
        client: str = ...,
    ) -> None: ...
    async def add(self, fields: Mapping[str, Any]) -> News: ...
    async def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[News]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> News: ...
    async def submit(self, id: str) -> News: ...
    async def return_(self, id: str, comment: str) -> News: ...
    async def approve(self, id: str, comment: str = ...) -> News: ...
    async def publish(self, id: str) -> News: ...
    async def schedule(self, id: str, at: datetime) -> News: ...
    async def withdraw(self, id: str, reason: str) -> News: ...
    async def retract(self, id: str, reason: str) -> News: ...
    async def archive(self, id: str) -> News: ...
    async def publish_due(self, limit: int = ...) -> list[News]: ...
    async def by_key(self, organization: str, external_key: str) -> News | None: ...
    async def create(
        self,
        *,
        title: str,
        organization: str,
        body: str = ...,
        summary: str = ...,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        audience: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        media: Sequence[Media] = ...,
        licence: str = ...,
        source: str = ...,
        reviewer: str = ...,
        review_date: date | None = ...,
        expires_on: date | None = ...,
        disclaimer: str = ...,
        external_key: str = ...,
        when: When | None = ...,
        about: str | None = ...,
        byline: str | None = ...,
        place_region: str | None = ...,
        measures: Sequence[Measure] = ...,
    ) -> News: ...

class AioNotices:
    async def get(self, id: str, *, revision: int | None = ...) -> Notice: ...
    async def find(
        self,
        *,
        state: State | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        topic: str | None = ...,
        language: str | None = ...,
        newest_first: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Notice]: ...
    async def stale(
        self, on: date, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[Notice]: ...
    async def revisions(self, id: str) -> list[Notice]: ...
    async def diff(self, id: str, before: int, after: int) -> list[Change]: ...
    async def near_duplicates(
        self, *, least: float = ..., limit: int = ...
    ) -> list[NearDuplicate]: ...
    async def export(self, id: str) -> dict[str, Any]: ...
    async def view(
        self,
        id: str,
        *,
        region: str = ...,
        channel: str = ...,
        language: str = ...,
        seconds: float | None = ...,
        client: str = ...,
    ) -> None: ...
    async def add(self, fields: Mapping[str, Any]) -> Notice: ...
    async def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[Notice]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Notice: ...
    async def submit(self, id: str) -> Notice: ...
    async def return_(self, id: str, comment: str) -> Notice: ...
    async def approve(self, id: str, comment: str = ...) -> Notice: ...
    async def publish(self, id: str) -> Notice: ...
    async def schedule(self, id: str, at: datetime) -> Notice: ...
    async def withdraw(self, id: str, reason: str) -> Notice: ...
    async def retract(self, id: str, reason: str) -> Notice: ...
    async def archive(self, id: str) -> Notice: ...
    async def publish_due(self, limit: int = ...) -> list[Notice]: ...
    async def by_key(self, organization: str, external_key: str) -> Notice | None: ...
    async def create(
        self,
        *,
        title: str,
        organization: str,
        body: str = ...,
        summary: str = ...,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        audience: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        media: Sequence[Media] = ...,
        licence: str = ...,
        source: str = ...,
        reviewer: str = ...,
        review_date: date | None = ...,
        expires_on: date | None = ...,
        disclaimer: str = ...,
        external_key: str = ...,
        until: date | None = ...,
    ) -> Notice: ...

class AioOrganizations:
    async def create(
        self,
        *,
        name: str,
        region: str,
        kind: OrganizationKind | str = ...,
        parent: str | None = ...,
        aliases: Sequence[str] = ...,
        note: str = ...,
    ) -> Organization: ...
    async def get(self, id: str) -> Organization: ...
    async def find(
        self,
        *,
        name: str | None = ...,
        region: str | None = ...,
        parent: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Organization]: ...
    async def edit(self, id: str, **changes: Any) -> Organization: ...

class AioPeople:
    async def export(self, id: str, *, events: bool = ...) -> PersonalData: ...
    async def erase(self, id: str, *, reason: str = ...) -> Erased: ...

class AioQuestions:
    async def export(self, id: str, *, events: bool = ...) -> PersonalData: ...
    async def erase(self, id: str, *, reason: str = ...) -> Erased: ...
    async def mine(self, *, after: str | None = ..., limit: int = ...) -> AioPage[Question]: ...
    async def status(self, id: str) -> QuestionStatus: ...
    async def follow(
        self, id: str, *, subscriber: str = ..., contact: str = ..., consent: str = ...
    ) -> Question: ...
    async def contact(self, id: str) -> str: ...
    async def get(self, id: str) -> Question: ...
    async def text(self, id: str) -> str: ...
    async def find(
        self,
        *,
        state: QuestionState | str | None = ...,
        expert: str | None = ...,
        group: str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        language: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Question]: ...
    async def overdue(self, *, after: str | None = ..., limit: int = ...) -> AioPage[Question]: ...
    async def route(
        self, id: str, organization: str | None = ..., *, expert: str = ...
    ) -> Question: ...
    async def decline(self, id: str, reason: str) -> Question: ...
    async def separate(self, id: str) -> Question: ...
    async def draft_answer(
        self,
        id: str,
        *,
        title: str,
        body: str,
        organization: str | None = ...,
        instead: bool = ...,
        **fields: Any,
    ) -> Resource: ...
    async def answer(self, id: str, content: str) -> Question: ...
    async def close(self, id: str, reason: str) -> Question: ...
    async def remind_due(self, limit: int = ...) -> int: ...

class AioRegions:
    async def get(self, code: str, on: date | None = ...) -> Region: ...
    async def children(self, code: str | None = ..., on: date | None = ...) -> list[Region]: ...
    async def ancestors(self, code: str, on: date | None = ...) -> list[Region]: ...
    async def resolve(self, code: str, on: date | None = ...) -> list[Region]: ...
    async def history(self, code: str) -> list[Region]: ...
    async def amendment(self, code: str) -> RegionAmendment: ...
    async def amendments(
        self, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[RegionAmendment]: ...
    async def add(
        self,
        code: str,
        *,
        name: str,
        parent: str | None = ...,
        valid_from: date | None = ...,
        valid_to: date | None = ...,
        successors: Sequence[str] = ...,
        approximate: bool = ...,
        source: str = ...,
        version: int | None = ...,
        reason: str = ...,
    ) -> RegionAmendment: ...
    async def edit(
        self,
        code: str,
        *,
        on: date | None = ...,
        version: int | None = ...,
        reason: str = ...,
        **changes: Any,
    ) -> RegionAmendment: ...
    async def renew(
        self,
        code: str,
        since: date,
        *,
        version: int | None = ...,
        reason: str = ...,
        **changes: Any,
    ) -> RegionAmendment: ...
    async def replace(
        self,
        code: str,
        on: date,
        by: Sequence[str],
        *,
        version: int | None = ...,
        reason: str = ...,
    ) -> RegionAmendment: ...
    async def revert(
        self, code: str, *, version: int | None = ..., reason: str = ...
    ) -> list[Region]: ...
    async def rekey(self, progress: Callable[[RekeyStep], None] | None = ...) -> RekeyStep: ...

class AioRegistrations:
    async def export(self, id: str, *, events: bool = ...) -> PersonalData: ...
    async def erase(self, id: str, *, reason: str = ...) -> Erased: ...
    async def register(
        self,
        activity: str,
        *,
        name: str,
        phone: str,
        consent: str,
        party: int = ...,
        note: str = ...,
        answers: Mapping[str, str] | None = ...,
        notice: str = ...,
        consented_at: datetime | None = ...,
        under_14: bool = ...,
        guardian: str = ...,
        home: str | None = ...,
        language: str = ...,
        channel: str = ...,
    ) -> Registration: ...
    async def get(self, id: str) -> Registration: ...
    async def places(self, activity: str) -> Places: ...
    async def turnout(self, activity: str) -> Turnout: ...
    async def roster(
        self,
        activity: str,
        *,
        state: RegistrationState | str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Registrant]: ...
    async def by_phone(self, phone: str, *, activity: str | None = ...) -> list[Registration]: ...
    async def reveal(self, id: str, *, reason: str = ...) -> RegistrationDetails: ...
    async def edit(
        self,
        id: str,
        *,
        version: int | None = ...,
        name: str | None = ...,
        party: int | None = ...,
        note: str | None = ...,
    ) -> Registration: ...
    async def cancel(self, id: str, *, reason: str = ...) -> Registration: ...
    async def check_in(self, id: str, *, arrived: int | None = ...) -> Registration: ...
    async def absent(self, id: str) -> Registration: ...
    async def reopen(self, id: str, reason: str) -> Registration: ...
    async def finish(self, activity: str) -> int: ...
    async def stop(self, activity: str, reason: str = ...) -> Places: ...
    async def resume(self, activity: str) -> Places: ...
    async def erase_past(self, *, days: int, reason: str = ...) -> int: ...

class AioResources:
    async def get(self, id: str, *, revision: int | None = ...) -> Resource: ...
    async def find(
        self,
        *,
        state: State | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        topic: str | None = ...,
        language: str | None = ...,
        newest_first: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Resource]: ...
    async def stale(
        self, on: date, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[Resource]: ...
    async def revisions(self, id: str) -> list[Resource]: ...
    async def diff(self, id: str, before: int, after: int) -> list[Change]: ...
    async def near_duplicates(
        self, *, least: float = ..., limit: int = ...
    ) -> list[NearDuplicate]: ...
    async def export(self, id: str) -> dict[str, Any]: ...
    async def view(
        self,
        id: str,
        *,
        region: str = ...,
        channel: str = ...,
        language: str = ...,
        seconds: float | None = ...,
        client: str = ...,
    ) -> None: ...
    async def add(self, fields: Mapping[str, Any]) -> Resource: ...
    async def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[Resource]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Resource: ...
    async def submit(self, id: str) -> Resource: ...
    async def return_(self, id: str, comment: str) -> Resource: ...
    async def approve(self, id: str, comment: str = ...) -> Resource: ...
    async def publish(self, id: str) -> Resource: ...
    async def schedule(self, id: str, at: datetime) -> Resource: ...
    async def withdraw(self, id: str, reason: str) -> Resource: ...
    async def retract(self, id: str, reason: str) -> Resource: ...
    async def archive(self, id: str) -> Resource: ...
    async def publish_due(self, limit: int = ...) -> list[Resource]: ...
    async def by_key(self, organization: str, external_key: str) -> Resource | None: ...
    async def create(
        self,
        *,
        title: str,
        organization: str,
        body: str = ...,
        summary: str = ...,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        audience: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        media: Sequence[Media] = ...,
        licence: str = ...,
        source: str = ...,
        reviewer: str = ...,
        review_date: date | None = ...,
        expires_on: date | None = ...,
        disclaimer: str = ...,
        external_key: str = ...,
    ) -> Resource: ...

class AioSegments:
    async def create(
        self,
        *,
        name: str,
        organization: str,
        region: str | None = ...,
        languages: Sequence[str] = ...,
        interests: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        members: Sequence[str] = ...,
    ) -> Segment: ...
    async def get(self, id: str) -> Segment: ...
    async def find(
        self,
        *,
        organization: str | None = ...,
        region: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Segment]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Segment: ...

class AioSms:
    async def poll(self, gateway: str | None = ...) -> int: ...
    async def callback(
        self, gateway: str, request: HttpRequest, *, networks: Sequence[str] | None = ...
    ) -> HttpResponse: ...
    async def answer(
        self, gateway: str, request: HttpRequest, *, networks: Sequence[str] | None = ...
    ) -> HttpResponse: ...
    async def report(self, id: str) -> CampaignReport: ...
    async def messages(
        self,
        id: str,
        *,
        state: MessageState | str | Sequence[MessageState | str] | None = ...,
        region: str | None = ...,
        language: str | None = ...,
        reason: str | None = ...,
        gateway: str | None = ...,
        opted_out: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[SmsMessage]: ...
    async def status(self, id: str) -> Mapping[str, int]: ...
    async def progress(
        self, id: str, *, since: SmsProgress | None = ..., seconds: float = ...
    ) -> SmsProgress: ...
    async def health(self) -> Health: ...
    async def compose(
        self,
        *,
        title: str,
        organization: str,
        texts: Mapping[str, str],
        signature: str,
        region: str | None = ...,
        topic: str = ...,
        purpose: str = ...,
        settings: Sequence[str] = ...,
        gateway: Asked = ...,
        fallback: bool = ...,
        fallback_order: Sequence[str] = ...,
        segment: str | None = ...,
        languages: Sequence[str] = ...,
        interests: Sequence[str] = ...,
        members: Sequence[str] = ...,
        group: str = ...,
        content: str = ...,
        emergency: str | None = ...,
        override_reason: str = ...,
        template: Template = ...,
    ) -> Campaign: ...
    async def get(self, id: str) -> Campaign: ...
    async def find(
        self,
        *,
        state: CampaignState | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Campaign]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Campaign: ...
    async def plan(self, id: str) -> Plan: ...
    async def exclusions(self, id: str, reason: str) -> Iterator[str]: ...
    async def approve(self, id: str) -> Campaign: ...
    async def approve_texts(self, id: str, *languages: str) -> Campaign: ...
    async def explain(self, id: str) -> CampaignExplanation: ...
    async def send(self, id: str, *, key: str = ...) -> Campaign: ...
    async def finish_sends(self) -> int: ...
    async def cancel(self, id: str, reason: str = ...) -> Campaign: ...
    async def pause(self, id: str, reason: str = ...) -> Campaign: ...
    async def resume(self, id: str, reason: str = ...) -> Campaign: ...
    async def dispatch(
        self,
        limit: int = ...,
        *,
        stop: Callable[[], bool] = ...,
        progress: Callable[[DispatchReport], None] | None = ...,
    ) -> DispatchReport: ...
    async def unknown(self, id: str) -> list[UnknownBatch]: ...
    async def resolve(
        self, id: str, batch: str, *, sent: bool, reason: str, only: Sequence[str] | None = ...
    ) -> Campaign: ...
    async def purge(self) -> int: ...

class AioSmsPolicies:
    async def set(
        self, organization: str, *, version: int | None = ..., **rules: Any
    ) -> SmsPolicy: ...
    async def get(self, organization: str) -> SmsPolicy | None: ...
    async def find(
        self, *, organization: str | None = ..., after: str | None = ..., limit: int = ...
    ) -> AioPage[SmsPolicy]: ...
    async def usage(self, organization: str, at: datetime | None = ...) -> list[QuotaLine]: ...

class AioStudios:
    async def get(self, id: str, *, revision: int | None = ...) -> Studio: ...
    async def find(
        self,
        *,
        state: State | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        topic: str | None = ...,
        language: str | None = ...,
        newest_first: bool = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Studio]: ...
    async def stale(
        self, on: date, *, after: str | None = ..., limit: int = ...
    ) -> AioPage[Studio]: ...
    async def revisions(self, id: str) -> list[Studio]: ...
    async def diff(self, id: str, before: int, after: int) -> list[Change]: ...
    async def near_duplicates(
        self, *, least: float = ..., limit: int = ...
    ) -> list[NearDuplicate]: ...
    async def export(self, id: str) -> dict[str, Any]: ...
    async def view(
        self,
        id: str,
        *,
        region: str = ...,
        channel: str = ...,
        language: str = ...,
        seconds: float | None = ...,
        client: str = ...,
    ) -> None: ...
    async def add(self, fields: Mapping[str, Any]) -> Studio: ...
    async def add_many(self, many: Sequence[Mapping[str, Any]]) -> list[Studio]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Studio: ...
    async def submit(self, id: str) -> Studio: ...
    async def return_(self, id: str, comment: str) -> Studio: ...
    async def approve(self, id: str, comment: str = ...) -> Studio: ...
    async def publish(self, id: str) -> Studio: ...
    async def schedule(self, id: str, at: datetime) -> Studio: ...
    async def withdraw(self, id: str, reason: str) -> Studio: ...
    async def retract(self, id: str, reason: str) -> Studio: ...
    async def archive(self, id: str) -> Studio: ...
    async def publish_due(self, limit: int = ...) -> list[Studio]: ...
    async def by_key(self, organization: str, external_key: str) -> Studio | None: ...
    async def create(
        self,
        *,
        title: str,
        organization: str,
        body: str = ...,
        summary: str = ...,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        keywords: Sequence[str] = ...,
        audience: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        media: Sequence[Media] = ...,
        licence: str = ...,
        source: str = ...,
        reviewer: str = ...,
        review_date: date | None = ...,
        expires_on: date | None = ...,
        disclaimer: str = ...,
        external_key: str = ...,
        experts: Sequence[str] = ...,
        address: str = ...,
    ) -> Studio: ...

class AioSubscribers:
    async def export(self, id: str, *, events: bool = ...) -> PersonalData: ...
    async def erase(self, id: str, *, reason: str = ...) -> Erased: ...
    async def create(
        self,
        *,
        phone: str,
        organization: str,
        region: str | None = ...,
        language: str = ...,
        topics: Sequence[str] = ...,
        settings: Sequence[str] = ...,
        consents: Sequence[Consent] = ...,
        synthetic: bool = ...,
    ) -> Subscriber: ...
    async def add_many(self, rows: Sequence[Mapping[str, Any]]) -> list[Subscriber]: ...
    async def get(self, id: str) -> Subscriber: ...
    async def find(
        self,
        *,
        region: str | None = ...,
        organization: str | None = ...,
        language: str | None = ...,
        topic: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Subscriber]: ...
    async def by_phone(self, phone: str) -> list[Subscriber]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Subscriber: ...
    async def consent(self, id: str, consent: Consent) -> Subscriber: ...
    async def profiling(self, id: str, *, on: bool, evidence: str = ...) -> Subscriber: ...
    async def consent_at(
        self, id: str, purpose: str = ..., at: datetime | None = ...
    ) -> Consent | None: ...
    async def opt_out(self, subscriber: str, topic: str = ...) -> bool: ...
    async def reveal(self, id: str, *, reason: str = ...) -> str: ...

class AioSubscriptions:
    async def create(
        self,
        *,
        name: str,
        organization: str,
        region: str | None = ...,
        text: str = ...,
        topics: Sequence[str] = ...,
        kinds: Sequence[str] = ...,
        language: str = ...,
        audience: Sequence[str] = ...,
        media: Sequence[str] = ...,
    ) -> Subscription: ...
    async def get(self, id: str) -> Subscription: ...
    async def find(
        self, *, organization: str | None = ..., after: str | None = ..., limit: int = ...
    ) -> AioPage[Subscription]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Subscription: ...
    async def alert(self, limit: int = ...) -> int: ...

class AioTemplates:
    async def add(
        self,
        *,
        name: str,
        organization: str,
        gateway: str,
        code: str,
        text: str,
        region: str | None = ...,
        variables: Sequence[TemplateVariable | Mapping[str, Any]] = ...,
        signatures: Sequence[str] = ...,
        language: str = ...,
        valid_from: datetime | None = ...,
        valid_until: datetime | None = ...,
    ) -> SmsTemplate: ...
    async def get(self, id: str) -> SmsTemplate: ...
    async def find(
        self,
        *,
        gateway: str | None = ...,
        state: TemplateState | str | None = ...,
        language: str | None = ...,
        organization: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[SmsTemplate]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> SmsTemplate: ...
    async def withdraw(self, id: str, reason: str = ...) -> SmsTemplate: ...
    async def compare(self, id: str, text: str) -> Comparison: ...
    async def fill(
        self, id: str, values: Mapping[str, str], *, language: str | None = ...
    ) -> str: ...

class AioTranslations:
    async def begin(self, source_id: str, language: str) -> TranslationTask: ...
    async def task(self, id: str) -> TranslationTask: ...
    async def tasks(
        self,
        *,
        language: str | None = ...,
        state: TaskState | str | None = ...,
        source: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[TranslationTask]: ...
    async def problems(self, id: str) -> tuple[TextProblem, ...]: ...
    async def draft(self, id: str, engine: str | None = ...) -> TranslationTask: ...
    async def enter(
        self,
        id: str,
        texts: Mapping[str, str],
        *,
        unfinished: bool = ...,
        seen: TranslationTask | None = ...,
    ) -> TranslationTask: ...
    async def review(self, id: str, segments: Iterable[str] | None = ...) -> TranslationTask: ...
    async def return_(self, id: str, comments: Mapping[str, str]) -> TranslationTask: ...
    async def dismiss(self, id: str, segment: str, code: str) -> TranslationTask: ...
    async def approve_task(self, id: str, *, native_reviewed: bool | None = ...) -> Translation: ...
    async def export_xliff(self, *ids: str, version: str = ...) -> bytes: ...
    async def import_xliff(
        self, data: bytes, *, overwrite: bool = ..., dry_run: bool = ...
    ) -> XliffReport: ...
    async def get(self, id: str) -> Translation: ...
    async def find(
        self,
        *,
        language: str | None = ...,
        source: str | None = ...,
        state: TranslationState | str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Translation]: ...
    async def text(
        self, id: str, language: str | Sequence[str], *, outdated: bool = ...
    ) -> Readable: ...
    async def missing(
        self,
        language: str,
        *,
        region: str | None = ...,
        kind: str | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Missing]: ...
    async def coverage(
        self, languages: Sequence[str] | None = ..., *, region: str | None = ...
    ) -> tuple[Coverage, ...]: ...
    async def health(self) -> tuple[EngineHealth, ...]: ...
    async def clear_cache(self, engine: str | None = ...) -> int: ...
    async def create(
        self,
        source_id: str,
        *,
        language: str,
        title: str,
        body: str,
        native_reviewed: bool = ...,
        note: str = ...,
    ) -> Translation: ...
    async def suggest(
        self, source_id: str, language: str, engine: str | None = ...
    ) -> Translation: ...
    async def edit(
        self,
        id: str,
        *,
        title: str | None = ...,
        body: str | None = ...,
        native_reviewed: bool | None = ...,
        note: str | None = ...,
        version: int | None = ...,
    ) -> Translation: ...
    async def approve(self, id: str, *, native_reviewed: bool | None = ...) -> Translation: ...

class AioVocabularies:
    async def terms(self, vocabulary: str) -> list[Term]: ...
    async def get(self, vocabulary: str, code: str) -> Term: ...
    async def put(
        self,
        vocabulary: str,
        code: str,
        labels: Mapping[str, str],
        *,
        parent: str | None = ...,
        active: bool = ...,
    ) -> Term: ...

class AioWordLists:
    async def add(
        self,
        *,
        name: str,
        organization: str,
        words: Iterable[str],
        severity: Severity | str = ...,
        region: str | None = ...,
        separated: bool = ...,
    ) -> WordList: ...
    async def get(self, id: str) -> WordList: ...
    async def find(
        self, *, organization: str | None = ..., after: str | None = ..., limit: int = ...
    ) -> AioPage[WordList]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> WordList: ...
    async def scan(self, text: str, *, organization: str | None = ...) -> list[WordHit]: ...

class AioWorkstations:
    async def create(
        self,
        *,
        organization: str,
        host: str,
        valid_from: date,
        valid_to: date,
        region: str | None = ...,
        team: Sequence[TeamMember] = ...,
        targets: Sequence[Target] = ...,
    ) -> Workstation: ...
    async def get(self, id: str) -> Workstation: ...
    async def find(
        self,
        *,
        state: WorkstationState | str | None = ...,
        region: str | None = ...,
        organization: str | None = ...,
        expert: str | None = ...,
        ends_before: date | None = ...,
        after: str | None = ...,
        limit: int = ...,
    ) -> AioPage[Workstation]: ...
    async def edit(self, id: str, *, version: int | None = ..., **changes: Any) -> Workstation: ...
    async def achieve(
        self,
        id: str,
        target: str,
        amount: int,
        *,
        on: date,
        evidence: Sequence[str],
        note: str = ...,
    ) -> WorkstationResult: ...
    async def strike(self, result: str, reason: str) -> WorkstationResult: ...
    async def results(self, id: str) -> list[WorkstationResult]: ...
    async def standing(self, id: str, *, until: date | None = ...) -> tuple[Standing, ...]: ...
