"""The nouns of the portal, by subject."""

from portal.models.access_log import (
    AccessAnchor,
    AccessArchive,
    AccessRecord,
    AccessSeal,
    AccessSubject,
    Act,
    ActResult,
)
from portal.models.attachments import Attachment
from portal.models.audit import Event, canonical
from portal.models.campaigns import Campaign, CampaignDuty, Expected, Extension, Reminder
from portal.models.catalogue import CatalogueEntry, CodeCounter, Promotion, Succession
from portal.models.counts import EntryChange, EntryCount
from portal.models.desk import (
    Copy,
    JointOpinion,
    PreparedDecision,
    Presence,
    Remark,
    SavedView,
)
from portal.models.editions import Edition, EditionChange
from portal.models.fields import ChoiceListField
from portal.models.filing_counts import FilingCount, FilingReviewer, FilingRoad, FilingUnpublished
from portal.models.filings import Filing, FilingQuerySet, FilingVersion
from portal.models.former import Former
from portal.models.historical import Registration
from portal.models.identity import (
    FailedSignIns,
    FormerPassword,
    HeldForm,
    RecoveryCode,
    ResetRequest,
    SecondFactor,
)
from portal.models.imports import Import, ImportedRow, ImportPurpose, RowOutcome
from portal.models.jobs import WAITING, Frequency, Job, JobStatus, Report, ReportSchedule
from portal.models.messages import Delivery, Message, MessagePreference
from portal.models.notices import NoticeItem, Objection, ObjectionStage, PublicNotice, Workday
from portal.models.organisations import Membership, Organisation, Region, User
from portal.models.periodic import CreditRecord, PeriodicReview, ReviewFigure, ReviewItem
from portal.models.public_changes import PublicChange
from portal.models.sealed import SealedCharField
from portal.models.selection import Candidate, Criterion, RoundStage, Score, Scorer, SelectionRound
from portal.models.sent_forms import SentForm
from portal.models.targets import Operator, PolicyTarget, TargetScope

__all__ = [
    "WAITING",
    "AccessAnchor",
    "AccessArchive",
    "AccessRecord",
    "AccessSeal",
    "AccessSubject",
    "Act",
    "ActResult",
    "Attachment",
    "Campaign",
    "CampaignDuty",
    "Candidate",
    "CatalogueEntry",
    "ChoiceListField",
    "CodeCounter",
    "Copy",
    "CreditRecord",
    "Criterion",
    "Delivery",
    "Edition",
    "EditionChange",
    "EntryChange",
    "EntryCount",
    "Event",
    "Expected",
    "Extension",
    "FailedSignIns",
    "Filing",
    "FilingCount",
    "FilingQuerySet",
    "FilingReviewer",
    "FilingRoad",
    "FilingUnpublished",
    "FilingVersion",
    "Former",
    "FormerPassword",
    "Frequency",
    "HeldForm",
    "Import",
    "ImportPurpose",
    "ImportedRow",
    "Job",
    "JobStatus",
    "JointOpinion",
    "Membership",
    "Message",
    "MessagePreference",
    "NoticeItem",
    "Objection",
    "ObjectionStage",
    "Operator",
    "Organisation",
    "PeriodicReview",
    "PolicyTarget",
    "PreparedDecision",
    "Presence",
    "Promotion",
    "PublicChange",
    "PublicNotice",
    "RecoveryCode",
    "Region",
    "Registration",
    "Remark",
    "Reminder",
    "Report",
    "ReportSchedule",
    "ResetRequest",
    "ReviewFigure",
    "ReviewItem",
    "RoundStage",
    "RowOutcome",
    "SavedView",
    "Score",
    "Scorer",
    "SealedCharField",
    "SecondFactor",
    "SelectionRound",
    "SentForm",
    "Succession",
    "TargetScope",
    "User",
    "Workday",
    "canonical",
]
