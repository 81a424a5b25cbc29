"""What each field of each model holds: public, of a person, or internal (GB/T 22239-2019 8.1.4.2 g).

Of its form a record type says so itself (``registry``), and whatever is sealed is of a person. Of all else
two tables say what strangers may read and what is of a person in clear, with the reason; the rest is
internal. ``faults`` is asked at the start.
"""

import re
from collections.abc import Iterator

from django.apps import apps
from django.db import models

from portal import registry
from portal.models.sealed import Sealed, SnapshotField

PUBLIC, PERSONAL, INTERNAL = "public", "personal", "internal"
APPS = ("portal", "assessments", "brands", "workforce")
#: Model → the fields that public pages, files and the interface show.
SHOWN = {
    "assessments.institutionauthorization": "institution project region valid_from valid_to",
    "portal.catalogueentry": "kind code title region level document_number publisher valid_from valid_to"
    " exit_reason exit_document_number search_text name_key facets",
    "portal.edition": "kind region name document_number on file published_at",
    "portal.noticeitem": "notice title organisation_name",
    "portal.organisation": "name short_name kind region valid_from valid_to",
    "portal.policytarget": "slug label unit operator number most scope due_on document_number clause"
    " sentence",
    "portal.promotion": "entry level document_number on",
    "portal.publicnotice": "kind record_kind organisation title document_number basis body starts_on ends_on"
    " working_days how_to_object receiver address postcode phone email supervision_phone published_at"
    " withdrawn_at withdrawal_reason",
    "portal.region": "code name short_name level parent source valid_from valid_to",
    "portal.succession": "old new kind",
    "workforce.craftworkshop": "code name name_key region level source_url source_date valid_to",
    "workforce.ichitem": "code name name_key category level batch city project_no source source_url valid_to",
    "workforce.keybrand": "code city year place document_number",
}
_ACTED = "who did it stands in the record of it, which nothing changes; the chain counts it in"
#: Model → field of a person that is kept in clear → why.
IN_CLEAR = {
    "portal.accessrecord": {
        "username": _ACTED,
        "name": _ACTED,
        "address": "the network address of an act, looked for by the auditor alone",
    },
    "portal.event": {"by_name": _ACTED},
    "portal.user": {
        "username": "signs in, and is looked up by it",
        "username_key": "signs in, and is looked up by it",
        "full_name": "colleagues are told who holds a filing, and look for it",
        "email": "links for a new password go to it; it is the office's",
    },
}
#: Called like something of a person and none: the names of things, of units and of files of ours.
OF_NOBODY = {
    "portal.accessarchive": "file_name",
    "portal.accessrecord": "organisation_name object_name",
    "portal.campaign": "name",
    "portal.edition": "file_name",
    "portal.event": "organisation_name",
    "portal.import": "file_name",
    "portal.job": "file_name",
    "portal.message": "address",
    "portal.messagepreference": "mail",
    "portal.periodicreview": "name",
    "portal.registration": "document_name",
    "portal.reviewfigure": "name",
    "portal.savedview": "name",
    "portal.selectionround": "name",
    "workforce.projecttrainingrow": "project_name",
}
_LIKE_A_PERSON = re.compile("name|phone|mobile|mail|address|contact|person|objector|id_card|identity")


def all_models() -> Iterator[type[models.Model]]:
    """Yield every model of ours."""
    for app in APPS:
        yield from apps.get_app_config(app).get_models()


def mark(field: models.Field) -> str:
    """Return what a field of a model of ours holds."""
    label, record_type = field.model._meta.label_lower, _record_type(field.model)
    if isinstance(field, Sealed | SnapshotField) or field.name in IN_CLEAR.get(label, ()):
        return PERSONAL
    shown = record_type.public if record_type else SHOWN.get(label, "").split()
    return PUBLIC if field.name in shown else INTERNAL


def personal(model: type[models.Model]) -> list[str]:
    """Return the fields of a model that hold what is of a person."""
    return [field.name for field in model._meta.local_fields if mark(field) == PERSONAL]


def faults() -> list[str]:
    """Return what no mark or more than one mark was given to, and names of nothing."""
    return [*_unknown(), *(said for model in all_models() for said in _faults(model))]


def _faults(model: type[models.Model]) -> Iterator[str]:
    label, record_type = model._meta.label_lower, _record_type(model)
    named = [*SHOWN.get(label, "").split(), *IN_CLEAR.get(label, ()), *OF_NOBODY.get(label, "").split()]
    if record_type:
        named += [*record_type.public, *record_type.internal, *record_type.personal]
    for field in model._meta.local_fields:
        times = named.count(field.name) + (isinstance(field, Sealed | SnapshotField) and not record_type)
        if times > 1 or (times == 0 and _needs_a_name(field)):
            yield f"{label}.{field.name} is marked {times} times"


def _needs_a_name(field: models.Field) -> bool:
    is_text = isinstance(field, models.CharField | models.TextField | models.JSONField)
    return is_text and bool(_LIKE_A_PERSON.search(field.name))


def _unknown() -> Iterator[str]:
    known = {f"{m._meta.label_lower}.{field.name}" for m in all_models() for field in m._meta.local_fields}
    tables = (*SHOWN.items(), *OF_NOBODY.items())
    named = {f"{label}.{name}" for label, names in tables for name in names.split()}
    named |= {f"{label}.{name}" for label, names in IN_CLEAR.items() for name in names}
    yield from (f"{name} is marked and is no field" for name in sorted(named - known))


def _record_type(model: type[models.Model]) -> registry.RecordType | None:
    return next((one for one in registry.all_types() if one.model is model), None)
