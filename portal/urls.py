"""Every route on one screen."""

from django.urls import path, register_converter

from portal import converters
from portal.admin import site as administration
from portal.api import v1
from portal.views import (
    account,
    beginning,
    campaigns,
    desk,
    files,
    filing,
    health,
    interface,
    materials,
    package,
    preferences,
    printing,
    public,
    publishing,
    returns,
    review,
    targets,
    upload,
)

register_converter(converters.RecordTypeConverter, "record")
register_converter(converters.FilingNumberConverter, "pk")
register_converter(converters.FilingNumberConverter, "number")
register_converter(converters.CodeConverter, "code")
register_converter(converters.RegionConverter, "region")
register_converter(converters.PaperConverter, "paper")

handler500 = "portal.views.errors.server_error"

urlpatterns = [
    path("", public.home, name="home"),
    path("catalogue/", public.catalogue, name="catalogue"),
    path("catalogue/<record:record_type>/", public.catalogue_list, name="catalogue-list"),
    path(
        "catalogue/<record:record_type>/download.xlsx",
        public.catalogue_download,
        name="catalogue-download",
    ),
    path("catalogue/<record:record_type>/<code:code>/", public.catalogue_entry, name="catalogue-entry"),
    path("targets/", targets.overview, name="targets"),
    path("targets/<slug:target>/", targets.target, name="target"),
    path("search/", public.search, name="search"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("login/", account.SignIn.as_view(), name="login"),
    path("logout/", account.SignOut.as_view(), name="logout"),
    path("password/", account.ChangePassword.as_view(), name="password-change"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("desk/", desk.desk, name="desk"),
    path("desk/messages/", desk.message_list, name="messages"),
    path("desk/campaigns/", campaigns.campaign_list, name="campaigns"),
    path("desk/campaigns/new/", campaigns.new, name="campaign-new"),
    path("desk/campaigns/<number:campaign>/", campaigns.campaign, name="campaign"),
    path("desk/campaigns/<number:campaign>/board.xlsx", campaigns.board_download, name="campaign-board"),
    path("desk/campaigns/<number:campaign>/change/", campaigns.change, name="campaign-change"),
    path("desk/campaigns/<number:campaign>/close/", campaigns.close, name="campaign-close"),
    path("desk/campaigns/<number:campaign>/remind/", campaigns.remind, name="campaign-remind"),
    path("desk/campaigns/<number:campaign>/nothing/", campaigns.nothing, name="campaign-nothing"),
    path(
        "desk/campaigns/<number:campaign>/package/<region:region>/",
        package.campaign_package,
        name="campaign-package",
    ),
    path("desk/duties/<number:duty>/extend/", campaigns.extend, name="duty-extend"),
    path("desk/targets/", targets.desk_overview, name="desk-targets"),
    path("desk/targets/download.xlsx", targets.desk_download, name="desk-targets-download"),
    path("desk/targets/<slug:target>/", targets.desk_target, name="desk-target"),
    path("desk/filings/", desk.filing_lists, name="filing-lists"),
    path("desk/filings/<record:record_type>/", desk.filing_list, name="filing-list"),
    path("desk/filings/<record:record_type>/export/", desk.filing_export, name="filing-export"),
    path("desk/new/", beginning.new, name="filing-new"),
    path("desk/new/<record:record_type>/", beginning.new, name="filing-new"),
    path("desk/import/", upload.import_file, name="filing-import"),
    path("desk/forms/<record:record_type>/template.xlsx", upload.template, name="filing-template"),
    path("desk/filings/<pk:pk>/edit/", filing.edit, name="filing-edit"),
    path("desk/filings/<pk:pk>/autosave/", filing.autosave, name="filing-autosave"),
    path("desk/filings/<pk:pk>/materials/", materials.page, name="filing-materials"),
    path("desk/filings/<pk:pk>/materials/<slug:slot>/", materials.upload, name="filing-upload"),
    path("desk/filings/<pk:pk>/archive/", materials.archive, name="filing-archive"),
    path("desk/attachments/<pk:pk>/", files.attachment, name="attachment"),
    path("desk/attachments/<pk:pk>/display/", files.display, name="attachment-display"),
    path("desk/attachments/<pk:pk>/remove/", materials.remove, name="attachment-remove"),
    path("desk/filings/<pk:pk>/merge/", returns.merge, name="filing-merge"),
    path("desk/filings/<pk:pk>/earlier/", returns.start_from_earlier, name="filing-earlier"),
    path("desk/filings/<pk:pk>/update/", returns.update, name="filing-update"),
    path("desk/filings/<pk:pk>/check/", filing.check, name="filing-check"),
    path("desk/filings/<pk:pk>/", review.filing, name="filing"),
    path("desk/filings/<pk:pk>/act/", review.act, name="filing-act"),
    path("desk/filings/<pk:pk>/print.<paper:suffix>", printing.filing_print, name="filing-print"),
    path("desk/forms/<record:record_type>/blank.<paper:suffix>", printing.form_blank, name="form-blank"),
    path("desk/filings/<pk:pk>/publish/", publishing.publish, name="publish"),
    path("desk/catalogue/<code:code>/amend/", publishing.amend, name="amend"),
    path("desk/catalogue/<code:code>/exit/", publishing.exit, name="exit"),
    path("api/", interface.interface, name="interface"),
    path("api/v1/", v1.urls()),
    path("admin/", administration.urls),
]
