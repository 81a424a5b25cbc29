"""What is told of a package before it is made: its files, what is missing, why there is none."""

from django.template.defaultfilters import filesizeformat

from portal.models import Expected
from portal.package.contents import Contents
from portal.package.names import safe
from portal.vocabulary import State

LETTER, OVERVIEW, FORMS, RECEIPT = "报送函.docx", "汇总一览表.xlsx", "全部表格.pdf", "回执.txt"
BY_BUREAU, ATTACHED = "分单位一览表/", "附件/"
MOST_FORMS = 200  # made while somebody waits: some seconds for so many, without their attachments
NOTHING = "本单位还没有提交过内容，没有可以打包的材料；提交后再来下载。"
TOO_MANY = "材料包最多装{most}份表格，这里有{number}份，没有生成；请从填报台账按县（市、区）分别导出。"


def why_not(contents: Contents) -> str:
    """Return the sentence why there is no package, empty when there is one."""
    if not contents.items:
        return NOTHING
    number = len(contents.items)
    return TOO_MANY.format(most=MOST_FORMS, number=number) if number > MOST_FORMS else ""


def file_name(contents: Contents) -> str:
    """Return what the zip is called when it is saved."""
    return safe(f"{contents.organisation}-{contents.campaign}-报送材料包.zip")


def papers(contents: Contents) -> list[tuple[str, str]]:
    """Return (file, what it is) of what a package holds, nothing when there is none."""
    if why_not(contents):
        return []
    number, bureaus = len(contents.forms), len(contents.bureaus)
    found = [
        (LETTER, f"致{contents.superior}，文号和日期留空，盖章时填写"),
        (OVERVIEW, f"{number} 份{'，注明填报单位' if bureaus > 1 else '，可以重新导入'}") if number else None,
        (BY_BUREAU, f"{bureaus} 个单位各一张表，可以重新导入") if bureaus > 1 else None,
        (FORMS, f"{len(contents.items)} 份，连续编页，可以直接打印"),
        (ATTACHED, f"{contents.files} 个文件，{filesizeformat(contents.size)}") if contents.files else None,
        (RECEIPT, "列出包内每个文件的大小和 SHA-256 校验值"),
    ]
    return [paper for paper in found if paper]


def lacking(contents: Contents) -> list[str]:
    """Return what is not in the package, or not as the bureau has it now, in sentences."""
    unsent = [f"“{filing}”还没有提交，不在包内。" for filing in contents.unsent]
    changing = [
        f"“{item.title}”正在修改，包内是上次提交的第 {item.version.number} 版。"
        for item in contents.items
        if item.is_changing
    ]
    under_review = [
        f"“{item.title}”还在市级审核，没有上报，已先装入包内。"
        for item in contents.items
        if item.filing.state == State.CITY_REVIEW and contents.campaign.expects == Expected.CITIES
    ]
    scans = [f"“{item.title}”没有盖章扫描件，本任务要求上传。" for item in contents.without_scan]
    return [*unsent, *changing, *under_review, *(scans if contents.campaign.needs_scan else [])]
