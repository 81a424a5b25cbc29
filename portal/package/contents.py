"""What a submission package holds: the answers of one bureau to one campaign as last submitted. Pure reads.

What was changed since and not sent again is no part of it, nor is what was never sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from portal import reading, scope, snapshot, windows
from portal.models import Attachment, Campaign, Filing, FilingVersion, Organisation, User
from portal.registry import STAMPED_SCAN, RecordType, get
from portal.vocabulary import BUSINESS_ROLES, EDITABLE, Kind, Level, State

OWN_LEVELS = (Level.CITY, Level.COUNTY, Level.ZONE)


@dataclass(frozen=True)
class Item:
    """One filing in the version last submitted; ``files`` are those of that version, slot by slot.

    A file that is gone or was erased (``purging``) is None: the package is refused then.
    """

    filing: Filing
    version: FilingVersion
    files: tuple[Attachment | None, ...]

    @property
    def sent(self) -> dict:
        """The snapshot of the version."""
        return self.version.snapshot

    @property
    def title(self) -> str:
        """The name as submitted."""
        return self.sent["title"] or reading.NAMELESS

    @property
    def is_nothing(self) -> bool:
        """Whether it is a zero report."""
        return bool(self.sent.get("nothing"))

    @property
    def is_changing(self) -> bool:
        """Whether the bureau has it back and may send another version."""
        return self.filing.state in EDITABLE

    @property
    def size(self) -> int:
        """The bytes of its files."""
        return sum(kept["size"] for kept in kept_files(self.version))

    @property
    def has_scan(self) -> bool:
        """Whether the stamped scan was handed in with the version."""
        return any(kept["slot"] == STAMPED_SCAN for kept in kept_files(self.version))

    @property
    def archive_name(self) -> str:
        """The prescribed name of the archive of its materials, empty where none is prescribed."""
        if self.is_nothing:
            return ""
        record = snapshot.rebuilt(self.filing.record_type, self.sent)
        record.organisation = self.filing.organisation
        return record.archive_name()


@dataclass(frozen=True)
class Contents:
    """The package of one bureau for one campaign; ``unsent`` were never submitted and are left out."""

    campaign: Campaign
    organisation: Organisation
    superior: Organisation
    due_at: datetime
    items: tuple[Item, ...]
    unsent: tuple[Filing, ...]

    @property
    def record_type(self) -> RecordType:
        """The type the campaign collects."""
        return get(self.campaign.kind)

    @property
    def forms(self) -> list[Item]:
        """The items that report something."""
        return [item for item in self.items if not item.is_nothing]

    @property
    def bureaus(self) -> list[Organisation]:
        """The bureaus that filed them, in order."""
        return list(dict.fromkeys(item.filing.organisation for item in self.forms))

    @property
    def files(self) -> int:
        """The number of attachments."""
        return sum(len(item.files) for item in self.items)

    @property
    def size(self) -> int:
        """The bytes of all attachments."""
        return sum(item.size for item in self.items)

    @property
    def holds_personal(self) -> bool:
        """Whether names or numbers of persons go out with it: in the forms, or in files and their names."""
        return bool(self.record_type.personal) or self.files > 0

    @property
    def without_scan(self) -> list[Item]:
        """The items that came without the stamped scan."""
        return [item for item in self.items if not item.has_scan]

    @property
    def cut_off(self) -> datetime:
        """When the last of the versions was submitted: nothing later is in the package."""
        return max(item.version.submitted_at for item in self.items)


def kept_files(version: FilingVersion) -> list[dict]:
    """Return id, slot, size and SHA-256 of each file of a version; the first versions held none."""
    return version.snapshot.get("files", [])


def find(user: User, campaign_id: int, region_code: str) -> Contents | None:
    """Return the package of the bureau at ``region_code``, None when it is not ``user``'s to see.

    Own region or one below it, and business posts of HRSS only: attachments hold names and numbers.
    """
    if not may_read(user, region_code):
        return None
    bureau = _bureau(region_code)
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    if bureau is None or campaign is None or bureau.region.level not in OWN_LEVELS:
        return None
    owed = campaign.duties.filter(scope.within("organisation__region_id", region_code))
    duties = list(owed.select_related("campaign").prefetch_related("extensions"))
    return _contents(user, campaign, bureau, duties) if duties else None


def may_read(user: User, region_code: str) -> bool:
    """Say whether packages of the bureau at ``region_code`` are ``user``'s to see."""
    posts = [post for post in user.posts if post.role in BUSINESS_ROLES and post.organisation.is_hrss]
    return any(region_code.startswith(post.organisation.region_id) for post in posts)


def _bureau(region_code: str) -> Organisation | None:
    bureaus = Organisation.objects.current().filter(kind=Kind.HRSS_BUREAU).select_related("region")
    return bureaus.filter(region_id=region_code).first()


def _contents(user: User, campaign: Campaign, bureau: Organisation, duties: list) -> Contents:
    filings = list(_answers(user, campaign, bureau.region_id))
    versions = _last_versions(filings)
    items = _items(_standing(filings, versions), versions)
    own = [windows.latest_due(duty) for duty in duties if duty.organisation_id == bureau.pk]
    return Contents(
        campaign=campaign,
        organisation=bureau,
        superior=_bureau(bureau.region.parent_id),
        due_at=own[0] if own else campaign.due_at,
        items=tuple(items),
        unsent=tuple(filing for filing in filings if filing.pk not in versions),
    )


def _answers(user: User, campaign: Campaign, region_code: str):
    """Return the answers from a region, the city's own first; whole rows, in a fixed order."""
    inside = Q(pk__in=Filing.objects.visible_to(user).values("pk")) & scope.within("region_id", region_code)
    answers = windows.answers([campaign]).defer(None).filter(inside)
    related = answers.select_related("organisation__region__parent", "region__parent")
    return related.order_by("region_id", "organisation_id", "pk")


def _last_versions(filings: Iterable[Filing]) -> dict[int, FilingVersion]:
    newest = FilingVersion.objects.filter(filing=OuterRef("filing")).order_by("-number").values("number")[:1]
    found = FilingVersion.objects.filter(filing__in=[f.pk for f in filings], number=Subquery(newest))
    return {version.filing_id: version for version in found}


def _standing(filings: Iterable[Filing], versions: dict[int, FilingVersion]) -> list[Filing]:
    """Return what was submitted, without what a later update that was sent too replaces."""
    sent = [filing for filing in filings if filing.pk in versions]
    replaced = {filing.amends_id for filing in sent if filing.state != State.REJECTED}
    return [filing for filing in sent if filing.pk not in replaced]


def _items(filings: list[Filing], versions: dict[int, FilingVersion]) -> list[Item]:
    kept = {f.pk: _in_order(f.record_type, kept_files(versions[f.pk])) for f in filings}
    wanted = [file["id"] for files in kept.values() for file in files]
    rows = Attachment.objects.filter(erased_at=None).in_bulk(wanted) if wanted else {}
    return [Item(f, versions[f.pk], tuple(rows.get(file["id"]) for file in kept[f.pk])) for f in filings]


def _in_order(record_type: RecordType, files: list[dict]) -> list[dict]:
    slots = list(record_type.all_slots)
    places = {name: place for place, name in enumerate(slots)}
    return sorted(files, key=lambda file: (places.get(file["slot"], len(slots)), file["id"]))
