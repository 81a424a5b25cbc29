"""What the queue offers to choose: types, places, people, states, orders, kept views, conditions to drop.

Pure reads; a fixed number of queries.
"""

from typing import Any

from django.urls import reverse

from portal import handover, ledger, queue, registry, saved_views
from portal.actions import REVIEWERS
from portal.inbox import LONG
from portal.models import User
from portal.queue import ME, NOBODY, Wish
from portal.vocabulary import State

TICKS = {"long": f"停留超过 {LONG.days} 天", "late": "逾期"}


def choices(wish: Wish, user: User) -> dict[str, Any]:
    """Return what the form above the queue offers: name of the parameter → value → word."""
    where = ledger.places(user, {"city": wish.city})
    return {
        "kind": {record_type.slug: str(record_type) for record_type in registry.all_types()},
        "city": {region.code: str(region) for region in where.cities},
        "county": {region.code: str(region) for region in where.counties},
        "holder": _holders(user),
        "state": {state.value: str(state.label) for state in State},
        "sort": _sorts(wish),
    }


def _holders(user: User) -> dict[str, str]:
    if not user.has_role(*REVIEWERS):
        return {}
    fellows = {str(person.pk): str(person) for person in handover.people(user) if person.pk != user.pk}
    return {ME: "我经办的", NOBODY: "未受理"} | fellows


def _sorts(wish: Wish) -> dict[str, str]:
    """Return the usual orders, and the one that was asked for by a heading."""
    if wish.sort in queue.SORTS:
        return queue.SORTS
    word, falls = queue.HEADINGS.get(wish.sort.removeprefix("-"), "最近变动"), wish.sort.startswith("-")
    return queue.SORTS | {wish.sort: f"按{word}（{'降序' if falls else '升序'}）"}


def conditions(wish: Wish, offered: dict[str, Any]) -> list[dict[str, str]]:
    """Return each condition of a wish in words with the address that drops it."""
    return [
        {"word": _word(name, value, offered), "query": wish.query(**{name: ""})}
        for name, value in wish.narrowing.items()
    ]


def _word(name: str, value: str, offered: dict[str, Any]) -> str:
    if name == "q":
        return f"“{value}”"
    if name == "holder":
        found = offered["holder"].get(value, "指定的经办人" if value not in (ME, NOBODY) else "")
        return found or {ME: "我经办的", NOBODY: "未受理"}[value]
    return TICKS.get(name) or offered[name].get(value, value)


def views(wish: Wish, user: User) -> dict[str, Any]:
    """Return the kept views of ``user`` with their addresses, the present one marked."""
    now, desk = queue.encoded(wish), reverse("desk")
    kept = [
        {"pk": view.pk, "name": view.name, "url": f"{desk}?{view.query}", "is_now": view.query == now}
        for view in saved_views.of(user)
    ]
    return {
        "kept": kept,
        "now": next((view["name"] for view in kept if view["is_now"]), ""),
        "is_full": len(kept) >= saved_views.MOST,
        "name_limit": saved_views.NAME_LIMIT,
    }
