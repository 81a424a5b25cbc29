"""The five notices the portal rests on: title, document number and date as printed, nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """A notice: ``dated`` as far as its text tells, ``issuer`` as it signs."""

    title: str
    number: str
    dated: str
    issuer: str


NOTICES = (
    Notice(
        "关于培育“鲁滋鲁味·鲁艺鲁品”专项职业能力品牌的实施意见",
        "鲁人社字〔2024〕95号",
        "2024-11-07",
        "省人力资源社会保障厅、省农业农村厅、省文化和旅游厅、省总工会",
    ),
    Notice(
        "关于开展公共就业服务助力“山东手造”工程推进行动的实施意见",
        "鲁人社函〔2022〕59号",
        "2022年",
        "省人力资源社会保障厅",
    ),
    Notice(
        "山东省特色劳务品牌建设行动实施方案",
        "鲁就办〔2021〕22号",
        "2021-11-15",
        "省就业和农民工工作领导小组办公室",
    ),
    Notice(
        "山东省职业技能提升行动质量年活动实施方案",
        "鲁人社字〔2021〕32号",
        "2021-03-17",
        "省人力资源社会保障厅",
    ),
    Notice(
        "关于开展技能兴鲁行动加强技能人才队伍建设的若干措施",
        "鲁人社发〔2020〕18号",
        "2020-12-18",
        "省委组织部、省人力资源社会保障厅等12部门",
    ),
)
