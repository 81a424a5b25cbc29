"""What is pictured, as data: who opens which route, which have no picture and why, what the manual shows.

Standard library only; the addresses of examples are found by ``picturing.finding``.
"""

from dataclasses import dataclass

#: Widths of a window: a desk of a bureau, a telephone.
WIDTHS = (1366, 390)
#: Who is asked for a page, in this order, until it opens; None is a stranger.
PEOPLE = (
    None,
    "weifang_filer",
    "weifang_reviewer",
    "province_reviewer",
    "province_approver",
    "province_publisher",
    "weifang_publisher",
    "province_filer",
    "jinan_filer",
    "joint_agri",
    "joint_culture",
    "sysadmin",
    "secadmin",
    "auditor",
)
#: Who looks where the first who may would show little.
LOOKERS = {
    "desk": ("province_reviewer",),
    "filing": ("province_reviewer",),
    "filing-edit": ("weifang_filer",),
    "consultation": ("province_reviewer",),
    "campaign": ("province_reviewer",),
    "desk-editions": ("province_publisher",),
    "dashboard": ("province_reviewer",),
    "desk-numbers": ("province_reviewer",),
    "desk-numbers-behind": ("province_reviewer",),
    "report": ("province_reviewer",),
    "report-behind": ("province_reviewer",),
    "credit": ("province_reviewer",),
    "handover": ("province_reviewer",),
    "history": ("province_publisher",),
    "admin:index": ("sysadmin",),
}
#: Parts of an address that show more than the first example would.
GIVEN = {
    "catalogue-edition": {"record_type": "exam-projects"},
    "catalogue-compare": {"record_type": "exam-projects"},
}
#: What is asked beside the address, where the page shows more with it.
QUERIES = {
    "search": "?q=风筝",
    "desk-numbers-behind": "?place=3701&desk=city_review&band=all",
    "report-behind": "?region=37&cell=city%3D3701%26state%3Dpublished",
}
#: Reason → routes without a picture. A new page takes its place in the pictures or here.
WITHOUT = {
    "takes what a form sends and leads on": """
        preferences csp-reports logout sessions-end view-keep view-drop copies-read filing-accept
        copy-send filing-presence batch batch-do prepared-act message-read campaign-remind
        notice-publish notice-withdraw notice-discard objection-answer objection-close report-make
        schedule-set schedule-stop audit-check job-cancel job-again import-confirm import-abandon
        history-act filing-revoke filing-autosave filing-upload filing-archive attachment-remove
        attachment-restore filing-earlier filing-update filing-succeed filing-act remark-write remark-rewrite
        remark-drop filing-urge opinion-answer opinion-withdraw amend reinstate review-remind
        review-keep-all review-act credit-lift key-brand-designate round-start edition-act
        edition-add edition-drop edition-attach edition-import tour
    """,
    "gives a file": """
        catalogue-download edition-download edition-file notice-download campaign-board desk-export
        dashboard-download desk-numbers-download desk-targets-download report-behind-download
        audit-export audit-anchors job-file filing-export import-receipt history-template
        history-document history-receipt filing-template attachment attachment-display filing-print
        circulation-print form-blank round-ranking edition-document edition-template
    """,
    "is read by programs": """
        sitemap sitemap-section robots feed feed-notices feed-type healthz readyz metrics stay
    """,
    "shows what only one sign-in has": "login-code activate held-form confirm second-factor",
    "leads on to another page": "filing-lists campaign-change",
}
#: Pages of Django's administration that are pictured; the others look alike.
ADMINISTRATION = (
    "admin:index",
    "admin:portal_user_changelist",
    "admin:portal_user_add",
    "admin:portal_membership_changelist",
    "admin:portal_policytarget_changelist",
)
#: Pages beside the routes.
BESIDE = {"not-found": "/catalogue/no-such/"}


def reasons() -> dict[str, str]:
    """Return route → why it has no picture."""
    return {route: reason for reason, routes in WITHOUT.items() for route in routes.split()}


def is_among(person: str | None, named: str | None) -> bool:
    """Say whether a picture that names its looker so may be looked at by ``person``."""
    return person is named is None or (None not in (person, named) and person.startswith(named))


@dataclass(frozen=True)
class Shot:
    """One picture of the manual: who looks at which route, and of which example.

    ``person``   how the sign-in name begins; None is a stranger
    ``of``       what the example must be, by a name of ``picturing.finding.EXAMPLES``
    ``part``     the part of the page that is shown; the top of the page without it
    ``query``    asked beside the address          ``press`` what is pressed first, one after the other
    ``elder``    in 长者模式
    """

    person: str | None
    route: str
    of: str = ""
    part: str = ""
    query: str = ""
    press: tuple[str, ...] = ()
    elder: bool = False


_TICK_TWO = ("tbody tr:nth-child(2) input[type=checkbox]", "tbody tr:nth-child(3) input[type=checkbox]")
MANUAL = {
    "sign-in": Shot(None, "login"),
    "filer-desk": Shot("weifang_filer", "desk"),
    "filer-new": Shot("weifang_filer", "filing-new"),
    "filer-form": Shot("weifang_filer", "filing-edit", "draft"),
    "filer-files": Shot("", "filing-materials", "with places for files"),
    "filer-import": Shot("weifang_filer", "filing-import"),
    "filer-check": Shot("weifang_filer", "filing-check", "draft"),
    "filer-sent": Shot("weifang_filer", "filing", "sent"),
    "filer-returned": Shot("", "filing-edit", "returned"),
    "filer-reviews": Shot("weifang_filer", "reviews"),
    "reviewer-queue": Shot("province_reviewer", "desk"),
    "reviewer-filing": Shot("province_reviewer", "filing", "at the province"),
    "reviewer-changes": Shot("province_reviewer", "filing", "sent again", press=("text=与第 1 版比较",)),
    "reviewer-remark": Shot("weifang_reviewer", "filing", "remarked", part=".q:has(.note) >> nth=0"),
    "reviewer-decide": Shot("province_reviewer", "filing", "at the province", part=".decide"),
    "reviewer-batch": Shot("province_reviewer", "desk", press=(*_TICK_TWO, "text=批量审核通过")),
    "joint-answer": Shot("joint", "filing", "asked"),
    "reviewer-round": Shot("province_approver", "round"),
    "reviewer-campaign": Shot("province_reviewer", "campaign"),
    "publisher-notice": Shot("province_publisher", "notice-desk"),
    "publisher-publish": Shot("province_publisher", "publish", "approved"),
    "publisher-edition": Shot("province_publisher", "edition"),
    "publisher-exit": Shot("province_publisher", "exit"),
    "publisher-review": Shot("province_approver", "review-round"),
    "publisher-report": Shot("province_publisher", "report"),
    "admin-accounts": Shot("sysadmin", "admin:portal_user_changelist"),
    "admin-posts": Shot("secadmin", "admin:portal_membership_changelist"),
    "admin-targets": Shot("sysadmin", "admin:portal_policytarget_changelist"),
    "auditor-records": Shot("auditor", "audit"),
    "auditor-chain": Shot("auditor", "audit-chain"),
    "citizen-search": Shot(None, "search", query="?q=风筝"),
    "citizen-exam": Shot(None, "catalogue-entry", "exam"),
    "citizen-verify": Shot(None, "verify"),
    "citizen-notice": Shot(None, "notice"),
    "citizen-elder": Shot(None, "home", elder=True),
}
