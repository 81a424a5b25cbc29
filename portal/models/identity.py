"""What a sign-in rests on beside the password: former passwords, failed tries, second factors, kept forms."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal import text
from portal.models.sealed import SealedJSONField


class LookAlike(models.CharField):
    """The form of a user name in which look-alikes are the same: NFKC, case folded, no blanks.

    Worked out whenever a row is stored, many at once too: identities are unique (GB/T 22239-2019 8.1.4.1 a).
    """

    def pre_save(self, model_instance, add: bool) -> str:
        """Return what the user name of the row is compared by; an old look-alike keeps its number."""
        value, stored = text.key(model_instance.username), getattr(model_instance, self.attname)
        if stored.startswith(f"{value}#"):
            return stored
        setattr(model_instance, self.attname, value)
        return value


class FormerPassword(models.Model):
    """A password a person had, as its hash, so that it is not chosen again (GB/T 22239-2019 8.1.4.1 a)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="former_passwords"
    )
    password = models.CharField("密码", max_length=128)
    at = models.DateTimeField("设置时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "用过的密码"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.user} {self.at:%Y-%m-%d}"


class FailedSignIns(models.Model):
    """Tries counted against one target; ``key`` is a keyed hash, so nobody reads names or addresses in it."""

    key = models.CharField("标识", max_length=64, primary_key=True)
    tries = models.PositiveIntegerField("次数", default=0)
    since = models.DateTimeField("起算时间", default=timezone.now)
    shut_until = models.DateTimeField("暂停至", null=True, blank=True)
    rounds = models.PositiveSmallIntegerField("已暂停次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "登录尝试"
        indexes = [models.Index(fields=["since"], name="failed_sign_ins_by_time")]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.tries}"


class SecondFactor(models.Model):
    """The authenticator of a person: its key is worked out of ``salt`` and the key of the installation."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor"
    )
    salt = models.CharField("盐", max_length=64)
    since = models.DateTimeField("启用时间", default=timezone.now)
    last_step = models.BigIntegerField("最后用过的时间步", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "两步验证"

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """A code that stands in once for the authenticator; only its keyed hash is stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField("摘要", max_length=64)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "恢复码"
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"{self.user} {'已用' if self.used_at else '未用'}"


class HeldForm(models.Model):
    """The last form a person sent when his sign-in had run out, or had to be confirmed first."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="held_form")
    path = models.CharField("地址", max_length=500)
    data = SealedJSONField("内容")
    at = models.DateTimeField("时间", default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "留存的表单"

    def __str__(self) -> str:
        return f"{self.user} {self.path}"


class ResetRequest(models.Model):
    """The system administrator asks to reset who watches him or works at a desk; a second one has to agree.

    GB/T 22239-2019 8.1.4.2 d: the rights of administrators are separated, so none takes over anybody alone.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="resets", verbose_name="账号"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="申请人"
    )
    asked_at = models.DateTimeField("申请时间", default=timezone.now)
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="同意人",
    )
    agreed_at = models.DateTimeField("同意时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "重置申请"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(agreed_by=None) | ~models.Q(agreed_by=models.F("asked_by")),
                name="reset_agreed_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(agreed_by=None, agreed_at=None)
                | models.Q(agreed_by__isnull=False, agreed_at__isnull=False),
                name="reset_agreed_by_somebody_at_some_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.asked_at:%Y-%m-%d %H:%M}"
