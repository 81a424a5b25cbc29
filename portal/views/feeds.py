"""What machines follow: Atom feeds of changes and notices, the sitemap, robots.txt. Published things only."""

from datetime import date, datetime, time

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps import views as sitemap_views
from django.contrib.syndication.views import Feed
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import conditional_page, require_safe

from portal import lineages, registry
from portal.models import CatalogueEntry, Edition, PublicNotice
from portal.registry import RecordType
from portal.views import addresses

NEWEST = 50
SINGLE = ("home", "catalogue", "notices", "targets", "verify", "accessibility", "site-map")
PER_FILE = 5_000  # a tenth of what the protocol allows, so that a file needs little memory
SHUT = ("/desk/", "/admin/", "/login/", "/logout/", "/password/", "/preferences/")


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class CatalogueFeed(Feed):
    """What was published and what exited, newest first: of all catalogues, or of one."""

    feed_type = Atom1Feed

    def get_object(self, request: HttpRequest, record_type: RecordType | None = None) -> RecordType | None:
        if record_type and not record_type.public:
            raise Http404("no public catalogue")
        return record_type

    def title(self, of: RecordType | None) -> str:
        return f"{of or '品牌与项目'}目录变动"

    def subtitle(self, of: RecordType | None) -> str:
        return f"{settings.SITE['name']}：最近公布、变更和退出的条目"

    def link(self, of: RecordType | None) -> str:
        return reverse("catalogue-list", args=[of]) if of else reverse("catalogue")

    def items(self, of: RecordType | None) -> list[dict]:
        entries = CatalogueEntry.objects.filter(valid_from__lte=timezone.localdate())
        entries = entries.filter(kind=of.slug) if of else entries
        lasting = entries.exclude(exit_reason="", valid_to=F("valid_from")).select_related("region__parent")
        begun = [_begun(e) for e in lasting.order_by("-valid_from", "-pk")[:NEWEST]]
        left = lasting.exclude(exit_reason="").order_by("-valid_to", "-pk")
        return _newest([*begun, *(_left(e) for e in left[:NEWEST])])

    def item_title(self, item: dict) -> str:
        return item["title"]

    def item_description(self, item: dict) -> str:
        return item["text"]

    def item_link(self, item: dict) -> str:
        return item["url"]

    def item_updateddate(self, item: dict) -> datetime:
        return _moment(item["day"])

    item_pubdate = item_updateddate


def _newest(items: list[dict]) -> list[dict]:
    return sorted(items, key=lambda item: item["day"], reverse=True)[:NEWEST]


def _begun(entry: CatalogueEntry) -> dict:
    said = f"{registry.get(entry.kind)} · {entry.region.full_name} · {entry.document_number}"
    return _item(entry, "published", entry.valid_from, f"公布：{entry.title}", said)


def _left(entry: CatalogueEntry) -> dict:
    said = f"{registry.get(entry.kind)} · {entry.get_exit_reason_display()} · {entry.exit_document_number}"
    return _item(entry, "exited", entry.valid_to, f"退出：{entry.title}", said)


def _item(entry: CatalogueEntry, verb: str, day: date, title: str, said: str) -> dict:
    """Return one line; its address, which Atom takes for its id, differs from act to act of one code."""
    url = reverse("catalogue-entry", args=[entry.kind, entry.code])
    return {"day": day, "title": title, "text": f"{entry.code} · {said}", "url": f"{url}#{verb}-{day}"}


class NoticeFeed(Feed):
    """The published notices, newest first; one that was withdrawn says so."""

    feed_type = Atom1Feed
    title = "公示公告"

    def subtitle(self) -> str:
        return f"{settings.SITE['name']}：公示与公布"

    def link(self) -> str:
        return reverse("notices")

    def items(self) -> QuerySet:
        found = PublicNotice.objects.published().select_related("organisation")
        return found.order_by("-starts_on", "-pk")[:NEWEST]

    def item_title(self, notice: PublicNotice) -> str:
        return f"{'已撤销：' if notice.withdrawn_at else ''}{notice.title}"

    def item_description(self, notice: PublicNotice) -> str:
        days = f"{notice.starts_on}" + (f" 至 {notice.ends_on}" if notice.ends_on else "")
        parts = (notice.get_kind_display(), days, str(notice.organisation), notice.document_number)
        return " · ".join(part for part in parts if part)

    def item_link(self, notice: PublicNotice) -> str:
        return reverse("notice", args=[notice.pk])

    def item_updateddate(self, notice: PublicNotice) -> datetime:
        return notice.withdrawn_at or max(notice.published_at, _moment(notice.starts_on))

    def item_pubdate(self, notice: PublicNotice) -> datetime:
        return notice.published_at


class EntryMap(Sitemap):
    """The entries in force of one catalogue, by code."""

    limit = PER_FILE

    def __init__(self, record_type: RecordType):
        self.record_type = record_type

    def items(self) -> QuerySet:
        found = CatalogueEntry.objects.filter(kind=self.record_type.slug).in_force()
        risen = Coalesce(Max("promotions__at"), F("published_at"))
        changed = found.annotate(changed=Greatest(F("published_at"), risen))
        return changed.only("kind", "code", "published_at").order_by("code")

    def location(self, entry: CatalogueEntry) -> str:
        return reverse("catalogue-entry", args=[entry.kind, entry.code])

    def lastmod(self, entry: CatalogueEntry) -> datetime:
        return entry.changed

    def get_latest_lastmod(self) -> datetime | None:
        """Ask the database, where the framework would load every entry."""
        return self.items().aggregate(last=Max("changed"))["last"]


class PageMap(Sitemap):
    """The pages that are no entry: home, the lists, their editions."""

    limit = PER_FILE

    def items(self) -> list[str]:
        kinds = [t for t in registry.all_types() if t.public]
        lists = [reverse(name, args=[t]) for name in ("catalogue-list", "catalogue-editions") for t in kinds]
        return [*map(reverse, SINGLE), *lists]

    def location(self, url: str) -> str:
        return url


class EditionMap(Sitemap):
    """The published editions."""

    limit = PER_FILE

    def items(self) -> QuerySet:
        return Edition.objects.published().order_by("kind", "region_id", "on")

    def location(self, edition: Edition) -> str:
        page = reverse("catalogue-edition", args=[edition.kind, edition.on])
        return page if edition.region_id == lineages.PROVINCE_CODE else f"{page}?region={edition.region_id}"

    def lastmod(self, edition: Edition) -> datetime:
        return edition.published_at

    def get_latest_lastmod(self) -> datetime | None:
        return Edition.objects.published().aggregate(last=Max("published_at"))["last"]


class NoticeMap(Sitemap):
    """The published notices; they stay reachable after their period."""

    limit = PER_FILE

    def items(self) -> QuerySet:
        return PublicNotice.objects.published().order_by("pk")

    def location(self, notice: PublicNotice) -> str:
        return reverse("notice", args=[notice.pk])

    def lastmod(self, notice: PublicNotice) -> datetime:
        return notice.withdrawn_at or notice.published_at

    def get_latest_lastmod(self) -> datetime | None:
        found = PublicNotice.objects.published().annotate(last=Coalesce("withdrawn_at", "published_at"))
        return found.aggregate(newest=Max("last"))["newest"]


def sections() -> dict[str, Sitemap]:
    """Return the parts of the sitemap: one for each catalogue and each kind of page."""
    kinds = {t.slug: EntryMap(t) for t in registry.all_types() if t.public}
    return {"pages": PageMap(), **kinds, "editions": EditionMap(), "notices": NoticeMap()}


@login_not_required
@require_safe
@conditional_page
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The list of the files of the sitemap (sitemaps.org protocol)."""
    return sitemap_views.index(request, sections(), sitemap_url_name="sitemap-section")


@login_not_required
@require_safe
@conditional_page
def sitemap(request: HttpRequest, section: str) -> HttpResponse:
    """One file of the sitemap; ``p`` is its page."""
    return sitemap_views.sitemap(request, sections(), section)


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers leave alone, and where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in SHUT)]
    lines += [f"Sitemap: {addresses.absolute(request, reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


changes = login_not_required(require_safe(conditional_page(CatalogueFeed())))
notices = login_not_required(require_safe(conditional_page(NoticeFeed())))
