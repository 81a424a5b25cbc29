"""Divisions, organisations, people and the posts they hold. Rows are end-dated, never deleted."""

from datetime import date
from functools import cached_property

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal import asked, text
from portal.models.former import KeepsFormer
from portal.models.identity import LookAlike
from portal.scope import within
from portal.vocabulary import ADMIN_ROLES, HRSS_KINDS, JOINT_KINDS, Kind, Level, Role

PLAIN_NAME = r"\A[A-Za-z0-9_.\-\u4e00-\u9fff]+\Z"  # letters of other scripts look like these


class DatedQuerySet(models.QuerySet):
    """Rows that hold from one day until another."""

    def current(self) -> "DatedQuerySet":
        """Return the rows that hold today (Asia/Shanghai)."""
        today = timezone.localdate()
        return self.filter(Q(valid_from=None) | Q(valid_from__lte=today)).filter(
            Q(valid_to=None) | Q(valid_to__gt=today)
        )


class RegionQuerySet(DatedQuerySet):
    """Divisions by their place in the tree."""

    def under(self, code: str) -> "RegionQuerySet":
        """Return the region ``code`` and all below it."""
        return self.filter(within("code", code))


class Region(KeepsFormer):
    """A division; the code is its path: ``37`` ⊃ ``3701`` ⊃ ``370102``, zones ``3701Z01``.

    Source: National Bureau of Statistics 2023, Ministry of Civil Affairs 2021. A zone has no
    code of GB/T 2260; its local code is never shown as official.
    """

    code = models.CharField("区划路径", max_length=8, primary_key=True)
    name = models.CharField("名称", max_length=40)
    short_name = models.CharField("简称", max_length=20)
    level = models.CharField("级别", max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级"
    )
    source = models.CharField("资料来源", max_length=200, blank=True)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "区划"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def city_code(self) -> str:
        """The code of the city this region is or lies in; ``37`` for the province."""
        return self.code[:4]

    @property
    def gb_code(self) -> str:
        """The six-digit code of GB/T 2260, empty for a zone, which has none."""
        return "" if self.level == Level.ZONE else self.code.ljust(6, "0")

    @property
    def full_name(self) -> str:
        """City and county together (济南市市中区): county names are not unique. Needs ``parent``."""
        below_city = self.level in (Level.COUNTY, Level.ZONE)
        return f"{self.parent.name}{self.name}" if below_city and self.parent else self.name


class Organisation(KeepsFormer):
    """A bureau, an employment-service centre or a joint department of one region."""

    name = models.CharField("名称", max_length=60)
    short_name = models.CharField("简称", max_length=30)
    kind = models.CharField("性质", max_length=20, choices=Kind.choices)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, related_name="organisations", verbose_name="区划"
    )
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单位"
        ordering = ["region_id", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["region", "kind"],
                condition=Q(valid_to=None),
                name="organisation_one_of_a_kind_per_region",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_hrss(self) -> bool:
        """Whether this is a bureau or an employment-service centre of the HRSS system."""
        return self.kind in HRSS_KINDS


class People(UserManager):
    """Finds people by the name they type."""

    def get_by_natural_key(self, username: str) -> "User":
        """Return the person of exactly this name, else the one whose name looks alike; nobody else has it."""
        try:
            return self.get(username=username)
        except self.model.DoesNotExist:
            return self.get(username_key=text.key(username))

    def with_posts(self, pk: int) -> "User | None":
        """Return the person with this key and what he holds or held, in one query; None for nobody's key."""
        held = asked.rows("with the person", _held_with_the_person, pk)
        if not held:  # who never held a post
            return self.filter(pk=pk).first()
        person = held[0].user
        for post in held:
            Membership.user.field.delete_cached_value(post)
        person.held = held
        return person


class User(AbstractUser):
    """One sign-in is one named person."""

    username = models.CharField(
        "用户名",
        max_length=150,
        unique=True,
        validators=[RegexValidator(PLAIN_NAME, "用户名只用字母、数字、汉字和 _ . - 。")],
        error_messages={"unique": "已有这个用户名。"},
    )
    username_key = LookAlike("用户名的比较形式", max_length=150, unique=True, editable=False, default="")
    full_name = models.CharField("姓名", max_length=30)
    post = models.CharField("岗位", max_length=40, blank=True)
    must_change_password = models.BooleanField("首次登录须改密码", default=True)
    password_set_at = models.DateTimeField("密码设置时间", default=timezone.now, editable=False)
    sign_in_epoch = models.PositiveIntegerField("登录批次", default=0, editable=False)
    toured_at = models.DateTimeField("不再显示首次使用提示", null=True, blank=True, editable=False)

    objects = People()

    first_name = last_name = None
    REQUIRED_FIELDS = ["full_name"]

    class Meta(AbstractUser.Meta):
        verbose_name = verbose_name_plural = "用户"

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        """Return the name the person is known by."""
        return str(self)

    def clean(self) -> None:
        """Refuse a name that looks like another's: by width, case or blanks (GB/T 22239-2019 8.1.4.1 a)."""
        super().clean()
        others = User.objects.filter(username_key=text.key(self.username)).exclude(pk=self.pk)
        if others.exclude(username=self.username).exists():
            raise ValidationError({"username": "已有一个看起来相同的用户名，请换一个。"})

    def set_password(self, raw_password: str | None) -> None:
        """Set the password and note when."""
        super().set_password(raw_password)
        self.password_set_at = timezone.now()

    def get_session_auth_hash(self) -> str:
        """Return what a session must match: a new password or epoch ends every session before it."""
        return f"{super().get_session_auth_hash()}-{self.sign_in_epoch}"

    def get_session_auth_fallback_hash(self):
        """Yield the same for former keys of the installation."""
        for found in super().get_session_auth_fallback_hash():
            yield f"{found}-{self.sign_in_epoch}"

    @cached_property
    def held(self) -> list["Membership"]:
        """The memberships held now or once, with organisation and region; read once per request."""
        return asked.rows((), _held_by, self.pk)

    @cached_property
    def posts(self) -> list["Membership"]:
        """The memberships in force, with organisation and region."""
        today = timezone.localdate()
        return [post for post in self.held if post.is_current(today)] if self.is_active else []

    @cached_property
    def filed_for(self) -> set[int]:
        """The organisations this person holds or once held the 填报 post of."""
        return {post.organisation_id for post in self.held if post.role == Role.FILER}

    @cached_property
    def organisation(self) -> Organisation | None:
        """The organisation of the first membership, which heads the pages of the workbench."""
        return self.posts[0].organisation if self.posts else None

    def has_role(self, *roles: str) -> bool:
        """Say whether one of ``roles`` is held anywhere."""
        return any(post.role in roles for post in self.posts)


def _held_by(user: int) -> models.QuerySet:
    found = Membership.objects.filter(user_id=user).select_related("organisation__region")
    return found.order_by("organisation__region_id", "pk")


def _held_with_the_person(user: int) -> models.QuerySet:
    return _held_by(user).select_related("organisation__region", "user")


class Membership(models.Model):
    """A post: this person holds this role in this organisation."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", verbose_name="用户")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="memberships", verbose_name="单位"
    )
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "岗位"
        ordering = ["organisation_id", "user_id", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "role"],
                condition=Q(valid_to=None),
                name="membership_held_once",
                violation_error_message="这个岗位已经有了。",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gte=F("valid_from")),
                name="membership_ends_after_it_begins",
                violation_error_message="停用日期不能早于启用日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.get_role_display()}"

    def is_current(self, today: date) -> bool:
        """Say whether the post holds on a day, as ``DatedQuerySet.current`` does."""
        begun = self.valid_from is None or self.valid_from <= today
        return begun and (self.valid_to is None or self.valid_to > today)

    def clean(self) -> None:
        """Refuse a post that excludes another one or does not fit the organisation (separation of duties)."""
        if not (self.user_id and self.organisation_id and self.role):
            return
        held = set(
            Membership.objects.current()
            .filter(user=self.user)
            .exclude(pk=self.pk)
            .values_list("role", flat=True)
        )
        if held and (self.role in ADMIN_ROLES or held & set(ADMIN_ROLES)) and held != {self.role}:
            raise ValidationError("系统管理员、安全管理员、审计员互斥，也不能兼任业务岗位。")
        if (self.role == Role.JOINT_REVIEWER) != (self.organisation.kind in JOINT_KINDS):
            raise ValidationError("会商岗位只设在农业农村、文化和旅游、工会部门，这些部门也只设会商岗位。")
        if self._leaves_nobody():
            said = f"这是最后一位在岗的{self.get_role_display()}，不能停用；请先设好接任的人员。"
            raise ValidationError({"valid_to": said})

    def _leaves_nobody(self) -> bool:
        """Say whether the end of an administrator's post leaves his role at the province to nobody.

        So no administrator takes another one's eyes away alone: the next one gets his account from the system
        administrator and his post from the security administrator (GB/T 22239-2019 8.1.4.2 d).
        """
        if self.role not in ADMIN_ROLES or not self.valid_to or not self.pk:
            return False
        places = {"role": self.role, "organisation__region__level": Level.PROVINCE}
        if not Membership.objects.filter(pk=self.pk, **places).exists():
            return False
        others = Membership.objects.current().filter(user__is_active=True, **places).exclude(pk=self.pk)
        return not others.filter(Q(valid_to=None) | Q(valid_to__gt=self.valid_to)).exists()
