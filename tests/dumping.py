"""All that the portal holds, to be compared before and after what must not have changed anything."""

from django.apps import apps

SAME_FOR_EVER = ("region", "organisation", "policytarget")
# Who looked at what, and what was refused to him, is no part of what a refusal must leave alone.
SEEN_ONLY = ("presence", "accessrecord", "accesssubject")


def dump() -> dict[str, list[dict]]:
    """Return every row of every table that an act may touch."""
    models = [
        model
        for app in ("portal", "assessments", "brands", "workforce")
        for model in apps.get_app_config(app).get_models()
        if model._meta.model_name not in (*SAME_FOR_EVER, *SEEN_ONLY)
    ]
    return {
        model._meta.db_table: list(model.objects.order_by(model._meta.pk.attname).values())
        for model in models
    }
