"""Questions to the queue that a person keeps under a name (常用视图). The only writer of ``SavedView``."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from portal import asked, text
from portal.models import SavedView, User
from portal.refusals import Refused

NAME_LIMIT = 20  # 字
MOST = 20  # views of one person


def of(user: User) -> list[SavedView]:
    """Return the views of a person in the order they were kept."""
    return asked.rows((), _of, user)


def _of(user: User) -> QuerySet:
    return SavedView.objects.filter(user=user).order_by("created_at", "pk")


@transaction.atomic
def keep(user: User, name: str, query: str) -> SavedView:
    """Keep ``query``, an address without ``?``, under a name. Raises ``Refused`` with the sentence."""
    name = " ".join(text.clean(name).split())
    if not name:
        raise Refused("还没有填写视图名称，没有保存。")
    if (length := text.count(name)) > NAME_LIMIT or len(name) > NAME_LIMIT:
        raise Refused(f"视图名称最多 {NAME_LIMIT} 字，现在有 {length} 字，没有保存；请缩短后再存。")
    User.objects.select_for_update().get(pk=user.pk)  # so that two windows do not pass the limit together
    if SavedView.objects.filter(user=user).count() >= MOST:
        raise Refused(f"常用视图最多 {MOST} 个，没有保存；请先删除不用的。")
    try:
        with transaction.atomic():
            return SavedView.objects.create(user=user, name=name, query=query)
    except IntegrityError:
        raise Refused(f"已有名为“{name}”的常用视图，没有保存；请换一个名称，或先删除原来的。") from None


def drop(user: User, pk: int) -> str:
    """Delete one's own view and return its name; ``SavedView.DoesNotExist`` when it is not one's own."""
    view = SavedView.objects.get(user=user, pk=pk)
    view.delete()
    return view.name
