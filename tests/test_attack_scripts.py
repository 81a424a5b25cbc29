"""Texts that are scripts, planted by every road and looked at in a real browser: none runs, none is reported.

Row 49. A page that let one through would show it thrice: it runs, the policy of the page complains, or its
marked element stands in the document.
"""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal import attachments, campaigns, catalogue, drafts, registry, remarks, saved_views
from portal.examples import FILES
from portal.models import Filing, User
from portal.vocabulary import State
from tests import attacking, factories
from tests.conftest import PATIENCE
from tests.factories import DOCUMENT, act, filer, publisher, reviewer

pytestmark = pytest.mark.django_db(transaction=True)

RUN = "window.ran.push('{n}')"
SHAPES = [
    "<script>{run}</script>", "</title><script>{run}</script>", "</textarea><script>{run}</script>",
    "</script><script>{run}</script>", "<ScRiPt>{run}</sCrIpT>", "<script/x>{run}</script>",
    "<script src=data:,{run}>",
    "<img src=x onerror={run}>", "<img/src=x/onerror={run}>", "\"><img src=x onerror={run}>",
    "'><img src=x onerror={run}>",
    "\" onmouseover={run} autofocus onfocus={run} x=\"", "' autofocus onfocus={run} x='",
    "` onfocus={run} autofocus x=`",
    "<svg onload={run}>", "<svg><script>{run}</script></svg>", "<svg/onload={run}//",
    "<svg><animate onbegin={run} attributeName=x>",
    "<body onload={run}>", "<iframe srcdoc=\"<script>parent.{run}</script>\">",
    "<iframe src=javascript:{run}>",
    "<a href=javascript:{run} data-canary>x</a>", "javascript:{run}", "JaVaScRiPt:{run}",
    "java\tscript:{run}",
    "<details open ontoggle={run}>", "<video><source onerror={run}></video>", "<audio src=x onerror={run}>",
    "<input autofocus onfocus={run}>", "<select autofocus onfocus={run}>", "<marquee onstart={run}>",
    "<object data=javascript:{run}>",
    "<embed src=javascript:{run}>", "<math><mtext></mtext><script>{run}</script></math>",
    "<meta http-equiv=refresh content=0;url=javascript:{run}>",
    "<base href=//evil.example/>", "<link rel=stylesheet href=data:text/css,*{{color:red}}>",
    "<style>*{{color:red}}</style>",
    "<form action=javascript:{run}><button data-canary>x</button></form>",
    "{{{{constructor.constructor('{run}')()}}}}",
    "${{{run}}}", "<!--><script>{run}</script>-->", "]]><script>{run}</script>",
    "&lt;script&gt;{run}&lt;/script&gt;",
    "&#60;script&#62;{run}&#60;/script&#62;", "\\u003cscript\\u003e{run}\\u003c/script\\u003e",
    "＜script＞{run}＜/script＞",
    "<b data-canary>x</b>", "<template><script>{run}</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror={run}>\">",
]  # fmt: skip
PAYLOADS = [shape.format(run=RUN.format(n=number)) for number, shape in enumerate(SHAPES)]
WATCH = """
window.ran = [];
window.reported = [];
document.addEventListener("securitypolicyviolation",
  e => window.reported.push(e.effectiveDirective + e.blockedURI));
"""
SPOKEN = re.compile(r"window\.ran\.push\('(\d+)'\)")
NUMBERED = set(SPOKEN.findall(" ".join(PAYLOADS)))
KINDS = ("skill-brands", "exam-projects", "labour-brands")


class Texts:
    """Gives one payload after another, as much of it as fits; all are given when it comes round."""

    def __init__(self):
        self.given = 0

    def next(self, most: int = 200) -> str:
        """Return a payload of at most so many characters."""
        for _ in PAYLOADS:
            self.given += 1
            if len(found := PAYLOADS[self.given % len(PAYLOADS)]) <= most:
                return found
        return "<b data-canary>"


def textual(kind: str) -> dict[str, int]:
    """Return the fields of a type that take any text, with how much of it."""
    model = registry.get(kind).model
    fields = [f for f in model._meta.local_fields if f.get_internal_type() in ("CharField", "TextField")]
    return {
        f.name: f.max_length or 300 for f in fields if not f.choices and not f.remote_field and f.editable
    }


def planted_filing(kind: str, texts: Texts, state: str) -> Filing:
    """Return a filing with a payload in every text, walked to ``state``."""
    record = factories.draft(kind)
    values = {name: texts.next(most) for name, most in textual(kind).items() if "phone" not in name}
    drafts.save(record, by=filer(), revision=record.revision, values=values | {"explanation": texts.next()})
    for action, by, arguments in factories.road(record, state):
        record = act(record, action, by, **arguments | {"comment": texts.next()})
    return record


def remarked() -> Filing:
    """Return a filing under review whose desk notes every payload there is."""
    record = factories.filing(KINDS[0], State.CITY_REVIEW)
    for number, payload in enumerate(PAYLOADS):
        fields = record.record_type.fields
        remarks.write(record, fields[number % len(fields)], payload, by=reviewer(), version=record.version)
    return record


def attach(record: Filing, texts: Texts) -> None:
    """Give a draft a file with a payload for its name."""
    with (FILES / "scan.pdf").open("rb") as paper:
        attachments.add(record, "stamped_scan", paper, f"{texts.next(90)}.pdf", by=filer())


@pytest.fixture
def addresses() -> list[tuple[User | None, list[str]]]:
    """Plant payloads by every road and return who looks at which pages."""
    texts, found = Texts(), []
    for kind in KINDS:
        found += [planted_filing(kind, texts, state) for state in (State.DRAFT, State.APPROVED)]
    found.append(remarked())
    attach(found[0], texts)
    numbers = [record.pk for record in found]
    public = ["/", "/catalogue/", "/search/"]
    for record in found:
        if record.state == State.APPROVED and record.record_type.is_catalogued:
            entry = catalogue.publish(record, by=publisher(), document_number=DOCUMENT)
            public += [f"/catalogue/{entry.kind}/", f"/catalogue/{entry.kind}/{entry.code}/"]
    saved_views.keep(reviewer(), texts.next(20), "tab=todo")
    campaigns.start(**_campaign(texts))
    seen = [reverse(name, args=[pk]) for pk in numbers for name in ("filing", "circulation")]
    drafted = [record.pk for record in found if record.state == State.DRAFT]
    own = ["/desk/", "/desk/messages/", *(reverse("filing-edit", args=[pk]) for pk in drafted)]
    lists = ["/desk/", "/desk/messages/", *(f"/desk/filings/{kind}/" for kind in KINDS), "/desk/campaigns/"]
    return [
        (None, [*public, *reflected()]),
        (filer(), [*own, *seen]),
        (reviewer(), [*lists, *seen]),
        (factories.auditor(), ["/desk/audit/", *seen[:2]]),
    ]


def _campaign(texts: Texts) -> dict:
    return {
        "by": reviewer("37"),
        "kind": KINDS[0],
        "name": texts.next(60),
        "document_number": DOCUMENT,
        "opens_at": timezone.now(),
        "due_at": timezone.now() + timedelta(days=9),
        "expects": "city",
    }


def reflected() -> list[str]:
    """Return addresses that say a payload, for pages that repeat what they were asked."""
    some = PAYLOADS if attacking.IS_LONG else PAYLOADS[::16]
    pages = ("/search/?q=", "/catalogue/skill-brands/?q=", "/verify/?code=", "/no/such/page/")
    return [page + quote(one, safe="") for one in some for page in pages]


class Watched:
    """A browser of somebody that notes every script of a payload that ran and every report."""

    def __init__(self, chromium, url: str, user: User | None):
        self.context = chromium.new_context(base_url=url, locale="zh-CN")
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(WATCH)
        self.findings: list[str] = []
        if user:
            client = Client()
            client.force_login(user)
            key = client.cookies["session"].value
            self.context.add_cookies([{"name": "session", "value": key, "url": url}])
        self.page = self.context.new_page()
        self.page.on("dialog", self._dialog)

    def _dialog(self, dialog) -> None:
        self.findings.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def look(self, address: str) -> str:
        """Open a page, note what is wrong with it, and return its text."""
        self.page.goto(address)
        return self.noted(address)

    def noted(self, address: str) -> str:
        """Note what ran or was reported on the page that is open."""
        ran, reported = self.page.evaluate("[window.ran, window.reported]")
        marked = self.page.locator("[data-canary]").count()
        if ran or reported or marked:
            self.findings.append(f"{address}: ran {ran}, reported {reported}, marked {marked}")
        return self.page.locator("body").inner_text()


def test_no_text_runs_as_a_script_on_any_page(chromium, live_server, addresses):
    findings, seen = [], set()

    with attacking.figures() as counted:
        for user, pages in addresses:
            watched = Watched(chromium, live_server.url, user)
            for address in pages:
                seen |= set(SPOKEN.findall(watched.look(address)))
                counted["cases"] += 1
            watched.context.close()
            findings += watched.findings
        counted["broken"] = len(findings)

    assert findings == []
    assert seen == NUMBERED  # the payloads are there, as words


def test_control_a_text_that_ran_was_reported_or_stood_there_would_be_noted(chromium, live_server):
    watched = Watched(chromium, live_server.url, None)
    watched.page.goto("/")

    watched.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<b data-canary onclick=1>x</b>')")
    watched.page.wait_for_function("window.reported.length > 0")
    watched.noted("/")
    watched.context.close()

    assert watched.findings == ["/: ran [], reported ['script-src-attrinline'], marked 1"]
