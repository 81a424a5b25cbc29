"""The letter that goes with a package: what was asked, what is sent, to the bureau above."""

from portal import documents
from portal.package.contents import Contents, Item

MOST_IN_A_LINE = 20  # 2号 characters in 156 mm (GB/T 9704-2012 5.2.1)


def letter(contents: Contents) -> documents.Letter:
    """Return the 报送函 of a package; number and date stay open for the office that seals it."""
    paragraphs = [_report(contents), *_explanations(contents), "现将有关材料报上，请予审核。"]
    return documents.Letter(
        organisation=contents.organisation.name,
        addressee=contents.superior.name,
        title=_title(contents),
        paragraphs=tuple(paragraphs),
        annexes=tuple(_annexes(contents)),
    )


def _title(contents: Contents) -> tuple[str, ...]:
    subject = f"关于报送{_quoted(contents)}"
    ending = "材料的函"
    fits = len(subject + ending) <= MOST_IN_A_LINE
    return (subject + ending,) if fits else (subject, ending)


def _quoted(contents: Contents) -> str:
    """Return the name of the campaign in quotation marks; those inside it become single ones."""
    inner = str(contents.campaign).translate(str.maketrans("“”", "‘’"))
    return f"“{inner}”"


def _report(contents: Contents) -> str:
    basis = f"按照{contents.campaign.document_number}文件要求"
    asked = f"{basis}，{_we(contents)}组织了{_quoted(contents)}报送工作"
    zero = sum(item.is_nothing for item in contents.items)
    if not contents.forms:
        return f"{asked}。经核实，没有需要报送的内容，作零报送。"
    files = f"，附件{contents.files}个" if contents.files else ""
    others = f"；另有{zero}个单位零报送" if zero else ""
    return f"{asked}，共报送{contents.record_type}{len(contents.forms)}份{_parts(contents)}{files}{others}。"


def _we(contents: Contents) -> str:
    """Return 我市, 我县 or 我区 by the name of the region."""
    last = contents.organisation.region.name[-1]
    return f"我{last}" if last in "市县区" else "我单位"


def _parts(contents: Contents) -> str:
    own = sum(_is_own(contents, item) for item in contents.forms)
    below = len(contents.forms) - own
    return f"（本级{own}份，县（市、区）{below}份）" if below else ""


def _is_own(contents: Contents, item: Item) -> bool:
    return item.filing.region_id == contents.organisation.region_id


def _explanations(contents: Contents) -> list[str]:
    """Return why there is nothing to report, where nothing else is sent."""
    if contents.forms:
        return []
    said = [item.sent["explanation"].replace("\n", "") for item in contents.items]
    return [f"情况说明：{words}" for words in said if words]


def _annexes(contents: Contents) -> list[str]:
    kind, number = contents.record_type, len(contents.items)
    lists = [f"{kind}汇总一览表"] if contents.forms else []
    files = [f"附件材料（{contents.files}个）"] if contents.files else []
    return [*lists, f"{kind}全部表格（{number}份）", *files]
