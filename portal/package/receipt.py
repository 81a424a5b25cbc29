"""The receipt of a package: whose it is, which versions it holds, and each file with size and SHA-256."""

from collections.abc import Iterable
from datetime import datetime

from portal import windows
from portal.models import User
from portal.package.archive import Entry
from portal.package.contents import Contents


def receipt(contents: Contents, entries: Iterable[Entry], *, by: User, at: datetime) -> bytes:
    """Return the receipt as text that Windows opens too (BOM, CRLF); ``at`` is all that differs next time."""
    entries = list(entries)
    lines = [*_head(contents, by, at), "", *_forms(contents), "", *_files(entries)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _head(contents: Contents, by: User, at: datetime) -> list[str]:
    campaign = contents.campaign
    return [
        "报送材料包回执",
        f"报送单位：{contents.organisation}",
        f"报送任务：{campaign}（{' '.join(filter(None, [campaign.document_number, campaign.clause]))}）",
        f"报送截止：{windows.moment(contents.due_at)}",
        f"内容截至：{windows.moment(contents.cut_off)}（最后一次提交）",
        f"制作人：{by}（{by.organisation}）",
        f"制作时间：{at.astimezone(windows.SHANGHAI):%Y-%m-%d %H:%M:%S}",
    ]


def _forms(contents: Contents) -> list[str]:
    rows = [
        f"{number}\t{item.title}\t{item.filing.organisation}\t第 {sent.number} 版\t{sent.sha256}"
        for number, item in enumerate(contents.items, 1)
        for sent in [item.version]
    ]
    return [f"一、报送内容（{len(rows)} 份）", "序号\t名称\t填报单位\t版本\t内容摘要（SHA-256）", *rows]


def _files(entries: list[Entry]) -> list[str]:
    rows = [f"{number}\t{e.path}\t{e.size}\t{e.sha256}" for number, e in enumerate(entries, 1)]
    return [f"二、包内文件（{len(rows)} 个，本回执除外）", "序号\t文件\t字节\tSHA-256", *rows]
