"""What changed between two texts, tables or sets of files, in parts a page can mark. Leaf: plain data.

Chinese has no spaces: a text is cut into numbers, Latin words, the frequent words below and single
characters, so that half a number or half a word is never marked.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

SAME, GONE, NEW = "", "del", "ins"
# Longer texts are compared clause by clause: quicker, and easier to read than scattered words.
LONGEST_BY_WORD = 3000
LEAST_SAME = 2  # one equal character between two changes is chance, not sense

# Frequent in what bureaus write about brands, units and training. It need not be complete: what is missing
# is compared character by character.
WORDS = """
从业人员 技能人才 劳务品牌 手工技艺 非物质文化遗产 高级技师 高级工 中级工 初级工 专业技术 职业技能 专项能力
国家级 省级 市级 县级 区级 乡镇 街道 社区 村庄 城乡 城镇 农村 乡村 全国 全省 全市 全县 国内 国外 省内 省外
境内 境外 国家 政府 部门 单位 企业 公司 机构 学校 院校 协会 合作社 工作室 工作站 基地 中心 园区 产业 行业
职业 工种 项目 品牌 人员 人数 人次 人才 妇女 青年 老年 学员 学生 教师 师傅 徒弟 大师 技师 艺人 匠人 农民
工人 职工 居民 群众 返乡 留守 技能 技艺 工艺 工序 手工 传统 现代 特色 特点 优势 传承 传播 创新 创业 就业
培训 考核 评价 鉴定 认定 备案 审核 发布 经济 社会 文化 市场 效益 规模 收入 产值 销售 利润 订单 出口 产品
商品 服务 质量 标准 规范 管理 运行 制度 机制 政策 历史 悠久 深厚 基础 条件 资源 区位 环境 地域 标记 鲜明
明显 显著 突出 较好 良好 优良 优秀 较高 较大 较多 较强 较快 增长 增加 减少 提高 提升 降低 扩大 发展 建设
建立 建成 形成 实现 完成 达到 超过 带动 促进 推动 推广 推进 开展 组织 制作 扎制 加工 生产 设计 研发 包装
运输 种植 养殖 编织 雕刻 彩绘 剪纸 风筝 烹饪 家政 护理 美容 维修 电商 物流 直播 每年 全年 年度 今年 去年
近年 目前 现有 已有 累计 平均 其中 以及 主要 相关 有关 部分 全部 大量 少量 很多 许多 一些 广泛 深入 全面
完整 准确 清楚 具体 详细 演示 示例 说明 材料 附件 证明 文件 通知 报告 数据 统计 来源 时间 日期 地点
"""
_LATIN = r"[0-9A-Za-z０-９]+(?:(?:[-_./:]|,(?=[0-9]{3}))[0-9A-Za-z]+)*[%％‰]?[万亿]?"
_NUMERAL = "[〇零一二三四五六七八九十百千万亿两]{2,}"
_KNOWN = "|".join(sorted(WORDS.split(), key=len, reverse=True))
_WORD = re.compile(f"{_LATIN}|{_NUMERAL}|{_KNOWN}|.", re.DOTALL)
_CLAUSE = re.compile(r"[^，。；：、！？\n]*[，。；：、！？\n]|[^，。；：、！？\n]+")
_STOPS = frozenset("，。；：、！？（）《》“”\n")


def words_of(text: str) -> list[str]:
    """Return ``text`` cut into what is marked whole; joined again it is the same text."""
    return _WORD.findall(text)


def text_parts(old: str, new: str) -> list[tuple[str, str]]:
    """Return (mark, words) in reading order; the mark is ``""``, ``"del"`` or ``"ins"``."""
    split = words_of if len(old) + len(new) <= LONGEST_BY_WORD else _CLAUSE.findall
    before, after = split(old), split(new)
    parts: list[tuple[str, str]] = []
    for gone, added, same in _runs(before, after):
        parts += [
            (mark, "".join(words)) for mark, words in ((GONE, gone), (NEW, added), (SAME, same)) if words
        ]
    return parts


def _runs(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[list, list, list]]:
    """Yield (gone, added, same) in turn; a short equal run between two changes counts as changed."""
    gone: list[str] = []
    added: list[str] = []
    steps = _steps(before, after)
    for place, (kind, i, j, k, m) in enumerate(steps):
        is_inner = 0 < place < len(steps) - 1
        if kind != "equal" or (is_inner and _is_chance(before[i:j])):
            gone, added = gone + list(before[i:j]), added + list(after[k:m])
            continue
        yield gone, added, list(before[i:j])
        gone, added = [], []
    yield gone, added, []


def _steps(before: Sequence, after: Sequence) -> list[tuple[str, int, int, int, int]]:
    """Return the steps from one to the other; nothing is left out for being frequent (的, ，)."""
    return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def _is_chance(same: Sequence[str]) -> bool:
    """Say whether an equal run is too short to mean anything; a stop between two clauses does."""
    return sum(map(len, same)) < LEAST_SAME and not _STOPS.issuperset(same)


def row_parts(old: list[list[str]], new: list[list[str]]) -> list[tuple[str, list[str]]]:
    """Return (mark, row) for every row of two tables, rows that went before those that came."""
    before, after = [tuple(row) for row in old], [tuple(row) for row in new]
    parts: list[tuple[str, list[str]]] = []
    for kind, i, j, k, m in _steps(before, after):
        if kind == "equal":
            parts += [(SAME, list(row)) for row in before[i:j]]
        else:
            parts += [(GONE, list(row)) for row in before[i:j]] + [(NEW, list(row)) for row in after[k:m]]
    return parts


def file_parts(old: Sequence[dict], new: Sequence[dict]) -> list[tuple[str, dict]]:
    """Return (mark, file) for the files of one slot: those that went first; ``sha256`` says which are equal.

    The same content twice counts twice.
    """
    left = [file["sha256"] for file in old]
    kept: list[tuple[str, dict]] = []
    for file in new:
        is_same = file["sha256"] in left
        if is_same:
            left.remove(file["sha256"])
        kept.append((SAME if is_same else NEW, file))
    gone = []
    for file in reversed(old):  # of equal ones the last went
        if file["sha256"] in left:
            left.remove(file["sha256"])
            gone.insert(0, (GONE, file))
    return [*gone, *kept]


def before_of(parts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the old side of ``text_parts``: what stayed and what went."""
    return [part for part in parts if part[0] != NEW]


def after_of(parts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the new side of ``text_parts``: what stayed and what came."""
    return [part for part in parts if part[0] != GONE]
