"""System checks: a declaration that names a missing field is refused at start-up, with its hint."""

from collections import Counter

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection

from portal import fence, field_marks, networks, registry, terms
from portal.models.sealed import Sealed


@register
def declarations_name_fields(app_configs, **kwargs) -> list[Error]:
    """Return an error for each field name of a declaration that its model lacks (portal.E001)."""
    return [
        Error(
            f"{record_type.slug}: {place} names “{name}”.",
            hint="Name a field of the model.",
            id="portal.E001",
        )
        for record_type in registry.all_types()
        for place, names in _named(record_type).items()
        for name in names
        if not _has(record_type.model, name)
    ]


@register
def personal_fields_are_not_public(app_configs, **kwargs) -> list[Error]:
    """Return an error for each personal field a declaration shows to the public (portal.E002)."""
    return [
        Error(
            f"{record_type.slug}: “{name}” is personal and public.",
            hint="Take it out of public.",
            id="portal.E002",
        )
        for record_type in registry.all_types()
        for name in sorted(set(record_type.personal) & set(record_type.public))
    ]


@register
def fields_are_tagged(app_configs, **kwargs) -> list[Error]:
    """Return an error for each field that is not tagged exactly once (portal.E005; GB/T 22239 8.1.4.2 g)."""
    return [
        Error(
            f"{record_type.slug}: “{name}” is tagged {number} times.",
            hint="Name it once, in public, internal or personal.",
            id="portal.E005",
        )
        for record_type in registry.all_types()
        for name, number in _tags(record_type).items()
        if number != 1
    ]


@register
def personal_fields_are_sealed(app_configs, **kwargs) -> list[Error]:
    """Return an error for each personal field whose column keeps clear text (portal.E006; 8.1.4.8 b)."""
    return [
        Error(
            f"{record_type.slug}: “{name}” is personal and not sealed.",
            hint="Make it a SealedCharField.",
            id="portal.E006",
        )
        for record_type in registry.all_types()
        for name in record_type.personal
        if _has(record_type.model, name) and not isinstance(record_type.field(name), Sealed)
    ]


@register
def all_fields_are_marked(app_configs, **kwargs) -> list[Error]:
    """Return an error for each field of any model that bears no mark or more than one (portal.E008)."""
    return [
        Error(f"{said}.", hint="Name it once in portal/field_marks.py.", id="portal.E008")
        for said in field_marks.faults()
    ]


@register
def slots_are_no_fields(app_configs, **kwargs) -> list[Error]:
    """Return an error for each slot called like a field or rows: a problem names either (portal.E003)."""
    return [
        Error(
            f"{record_type.slug}: “{name}” is a slot and a field.",
            hint="Give the slot another name.",
            id="portal.E003",
        )
        for record_type in registry.all_types()
        for name in record_type.all_slots
        if _has(record_type.model, name)
    ]


@register
def networks_are_networks(app_configs, **kwargs) -> list[Error]:
    """Return an error for each word of a setting that should be a network and is none (portal.E004)."""
    return [
        Error(
            f"PORTAL_{setting} names “{named}”, which is no network.",
            hint="Write 10.8.0.0/16, fd00::/8 or one address.",
            id="portal.E004",
        )
        for setting in ("ADMIN_NETWORKS", "TRUSTED_PROXIES")
        for named in getattr(settings, setting)
        if not networks.is_network(named)
    ]


@register
def terms_are_years(app_configs, **kwargs) -> list[Error]:
    """Return an error for each part of a setting that gives no term of personal data (portal.E007)."""
    return [
        Error(
            f"PORTAL_TERMS says “{part}”, which is no term.",
            hint=f"Write name=years, from 1 to {terms.MOST}; docs/operations.md lists the names.",
            id="portal.E007",
        )
        for part in terms.faults()
    ]


@register(Tags.security, deploy=True)
def the_portal_owns_nothing(app_configs, **kwargs) -> list[Warning]:
    """Return a warning for a login of PostgreSQL that row-level security does not bind (portal.W001)."""
    try:
        if not fence.goes_unbound(connection):
            return []
    except DatabaseError:  # not there: /readyz says so
        return []
    user = connection.settings_dict["USER"]
    return [
        Warning(
            f"PostgreSQL binds the login “{user}” by no row-level security.",
            hint="Connect as portal_web or portal_worker (docs/operations.md).",
            id="portal.W001",
        )
    ]


def _tags(record_type: registry.RecordType) -> Counter[str]:
    """Return each field of the form → how often it is tagged; a tag of no field counts as well."""
    tagged = Counter([*record_type.public, *record_type.internal, *record_type.personal])
    return Counter({name: tagged[name] for name in {*record_type.fields, *tagged}})


def _named(record_type: registry.RecordType) -> dict[str, list[str]]:
    places = ("fields", "columns", "key", "facets", "public", "internal", "personal", "clauses", "limits")
    named = {place: list(getattr(record_type, place)) for place in places} | {"rows": list(record_type.rows)}
    if sheet := record_type.sheet:
        named["sheet"] = [sheet.rows, *sheet.footer.values()]
    return named


def _has(model: type, name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
