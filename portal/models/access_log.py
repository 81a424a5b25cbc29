"""Who did, saw, took away or was refused what: the access log beside the events of filings, and its seals.

A record is written once and never changed (``access_triggers``). Its place in the hash chain is a row of its
own, so that nobody waits for the one before him: ``access_chain`` gives places in order, a batch at a time.
GB/T 22239-2019 8.1.4.3.
"""

from django.db import models

from portal.models.organisations import Organisation, User


class Act(models.TextChoices):
    """What is recorded (GB/T 22239-2019 8.1.4.3 a: each user, the important acts and security events)."""

    SIGN_IN = "sign_in", "登录"
    SIGN_OUT = "sign_out", "退出登录"
    PASSWORD = "password", "设置密码"
    VIEW = "view", "查看个人信息"
    LOOK_UP = "look_up", "反查联系方式"
    EXPORT = "export", "导出"
    DOWNLOAD = "download", "下载"
    IMPORT = "import", "导入"
    ACCOUNT = "account", "账号变更"
    POST = "post", "岗位变更"
    ADMINISTER = "administer", "管理与配置"
    ACCESS = "access", "访问"
    JOB = "job", "后台作业"
    SEAL = "seal", "审计核对与归档"


class ActResult(models.TextChoices):
    """How it ended."""

    DONE = "done", "已完成"
    REFUSED = "refused", "被拒绝"
    FAILED = "failed", "未完成"


class AccessRecord(models.Model):
    """One act. Names are copied as they were; ``subject`` is the keyed hash of the number that was shown.

    ``details`` is the canonical JSON text, so that it reads and hashes alike on every database.
    """

    at = models.DateTimeField("时间")
    act = models.CharField("行为", max_length=12, choices=Act.choices)
    result = models.CharField("结果", max_length=8, choices=ActResult.choices)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, db_index=False, related_name="+", verbose_name="用户"
    )
    username = models.CharField("用户名", max_length=150, blank=True)
    name = models.CharField("姓名", max_length=30, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name="单位",
    )
    organisation_name = models.CharField("单位名称", max_length=60, blank=True)
    roles = models.CharField("角色", max_length=120, blank=True)
    object_type = models.CharField("对象类别", max_length=60, blank=True)
    object_id = models.CharField("对象编号", max_length=60, blank=True)
    object_name = models.CharField("对象", max_length=200, blank=True)
    subject = models.CharField("联系方式摘要", max_length=64, blank=True)
    request_id = models.CharField("请求编号", max_length=32, blank=True)
    address = models.CharField("网络地址", max_length=45, blank=True)
    details = models.TextField("详情", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "访问记录"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["at"], name="access_by_time"),
            models.Index(fields=["user", "-id"], name="access_by_person"),
            models.Index(fields=["organisation", "-id"], name="access_by_bureau"),
            models.Index(fields=["act", "-id"], name="access_by_act"),
            models.Index(fields=["object_type", "object_id", "-id"], name="access_by_object"),
            models.Index(fields=["result", "-id"], name="access_refused", condition=~models.Q(result="done")),
            models.Index(
                fields=["subject", "-id"], name="access_by_subject", condition=~models.Q(subject="")
            ),
            models.Index(fields=["request_id"], name="access_by_request", condition=~models.Q(request_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.get_act_display()}"


class AccessSubject(models.Model):
    """One of several numbers that one act took out: keyed hash → record. ``details`` of it hash them all."""

    record = models.ForeignKey(AccessRecord, on_delete=models.PROTECT, related_name="subjects")
    digest = models.CharField("联系方式摘要", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "涉及的联系方式"
        indexes = [models.Index(fields=["digest", "-record"], name="access_subject")]

    def __str__(self) -> str:
        return f"{self.record_id} {self.digest[:8]}"


class AccessSeal(models.Model):
    """The place of a record in the chain: ``hash`` is over the record and the hash before it."""

    number = models.BigIntegerField("序号", primary_key=True)
    record = models.OneToOneField(
        AccessRecord,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="seal",
        verbose_name="记录",
    )
    algorithm = models.CharField("算法", max_length=10)
    hash = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "封存摘要"

    def __str__(self) -> str:
        return f"{self.number} {self.hash[:12]}"


class AccessAnchor(models.Model):
    """Where the chain ended on a day, to be kept elsewhere: what is cut off behind it shows."""

    day = models.DateField("日期", primary_key=True)
    number = models.BigIntegerField("序号")
    hash = models.CharField("摘要", max_length=64)
    made_at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = verbose_name_plural = "每日锚点"

    def __str__(self) -> str:
        return f"{self.day} {self.number} {self.hash}"


class AccessArchive(models.Model):
    """Records up to ``number`` lie in a signed file; the chain goes on from ``hash``."""

    number = models.BigIntegerField("末条序号", primary_key=True)
    hash = models.CharField("末条摘要", max_length=64)
    first = models.BigIntegerField("首条序号")
    file_name = models.CharField("文件", max_length=120)
    sha256 = models.CharField("文件摘要", max_length=64)
    signature = models.CharField("签名", max_length=64)
    made_at = models.DateTimeField("归档时间")

    class Meta:
        verbose_name = verbose_name_plural = "审计归档"

    def __str__(self) -> str:
        return self.file_name
