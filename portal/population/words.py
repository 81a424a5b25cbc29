"""What synthetic filings say: Chinese names and texts of 300 to 500 characters, made from lists and a seed.

A ``Body`` is what one filing of a type says beside its name: made once through the models and the functions
that filings go through, then given to many filings, each under a name and in a place of its own.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.db import connection, models

from portal import counting, registry, snapshot, text
from portal.models import ChoiceListField, FilingVersion, Organisation, Region, canonical
from portal.registry import RecordType

#: Words to search for, by how many characters they have; a rare one stands in one name of ten thousand.
COMMON = {1: "技", 2: "技能", 3: "从业者"}
RARE = {1: "鼗", 2: "鹤鼗", 3: "鹤鼗坊"}
RARE_EVERY = 10_000
MOST_BODIES = 400
#: What stands in a body until a filing is made of it.
TITLE, BUREAU, PLACE = "〓题〓", "〓组〓", "〓区〓"


def listed(said: str) -> list[str]:
    """Return the words of a list that is written with blanks."""
    return said.split()


STYLES = listed(
    "传统 古法 手作 巧手 匠心 乡土 沂蒙 齐鲁 运河 海岱 黄河 泉城 泰山 渤海 湖畔 山乡 田园 老街 新派 精品 "
    "非遗 民间 古镇 金牌 巧娘 绿色 百年 水乡 一品 好客"
)
CRAFTS = listed(
    "剪纸 柳编 草编 面塑 泥塑 黑陶 琉璃 刻瓷 木版年画 风筝 刺绣 鲁锦 蓝印花布 葫芦雕刻 木雕 石雕 砚台 锡雕 "
    "根雕 绳结 煎饼 扒鸡 烧饼 豆腐 羊汤 海鲜面 酱菜 糕点 酿酒 制茶 阿胶 果蔬栽培 大蒜种植 苹果种植 桑蚕养殖 "
    "食用菌栽培 花卉园艺 海带养殖 家政服务 养老护理 月嫂 电焊 叉车 无人机 电商直播 短视频 快递 物业 保洁 "
    "建筑砌筑 管道安装 汽车维修 服装制作 美容美发 陶艺 古建修缮 戏服制作 乐器制作 皮影 灯彩"
)
ENDINGS = listed("技艺 制作 工坊 师傅 匠人 品牌 培训 名匠")
SUBJECTS = listed(
    "本项目 当地 从业者 技能带头人 合作社 龙头企业 培训基地 行业协会 县级工坊 老师傅 青年学员 "
    "返乡人员 职业院校 乡镇服务站 大师工作室"
)
VERBS = listed("组织 依托 带动 围绕 结合 整理 传承 推广 完善 建成 承接 服务 培育 联合 改进")
OBJECTS = listed(
    "特色技艺 农闲时节 校企合作 订单生产 技能培训 岗位练兵 技能竞赛 产品标准 工艺流程 地理标志 旅游线路 "
    "线上销售 社区网点 就业帮扶 师徒结对 质量追溯 品牌名称 教材编写 考核题库 示范车间"
)
TAILS = listed(
    "近三年规模逐年扩大 每年开班十余期 产品远销省内外 群众收入稳步提高 形成完整链条 吸纳就近就业 "
    "学员结业后多数上岗 带徒授艺代代相传 经济效益和社会效益较好 得到各方认可 课程贴近生产 工序清楚标准统一 "
    "经费使用公开 材料本地可得 技能水平明显提升 服务半径覆盖全县 季节用工得到保障 手艺有人接续"
)


@dataclass(frozen=True)
class Body:
    """The columns of a type beside ``name``, and what search and snapshot make of them around the marks.

    ``stored`` is the ``snapshot`` as the database keeps it, what is personal sealed.
    """

    columns: tuple
    searched: str
    keys: frozenset[str]
    snapshot: str
    stored: str
    facets: str


def title(place: str, number: int) -> str:
    """Return a name: the ``number``-th of one place; no two are the same."""
    number, style = divmod(number, len(STYLES))
    number, craft = divmod(number, len(CRAFTS))
    again, ending = divmod(number, len(ENDINGS))
    name = f"{place}{STYLES[style]}{CRAFTS[craft]}{ENDINGS[ending]}"
    return f"{name}第{again + 1}号" if again else name


def sentence(chance: random.Random) -> str:
    """Return one sentence; the first words of each list come up most."""
    said = (_favoured(words, chance) for words in (SUBJECTS, VERBS, OBJECTS, TAILS))
    subject, verb, found, tail = said
    return f"{subject}{verb}{found}，{tail}。"


def _favoured(words: list[str], chance: random.Random) -> str:
    return words[int(len(words) * chance.random() ** 2)]


def enough(number: int) -> int:
    """Return how many bodies of each type a population of a size is made of."""
    return max(20, min(MOST_BODIES, number // 20))


@cache
def bodies(slug: str, number: int, seed: int) -> list[Body]:
    """Return ``number`` bodies of a type."""
    record_type, chance = registry.get(slug), random.Random(f"{slug} {seed}")
    return [_body(record_type, chance) for _ in range(number)]


def columns(record_type: RecordType) -> list[models.Field]:
    """Return the columns that a body fills, in its order."""
    own = record_type.model._meta.local_concrete_fields
    return [field for field in own if not field.primary_key and field.name != "name"]


def _body(record_type: RecordType, chance: random.Random) -> Body:
    record = record_type.model(**dict(_values(record_type, chance)))
    record.name = record.title = TITLE
    record.organisation, record.region = Organisation(name=BUREAU), Region(code=PLACE, name="")
    shown = [snapshot.shown(record, name) for name in record_type.public]
    said = text.fold("\n".join([TITLE, PLACE, *shown]))
    _, _, rest = said.partition(PLACE)
    filled = columns(record_type)
    ready = [field.get_db_prep_save(getattr(record, field.attname), connection) for field in filled]
    keys = text.grams(rest.replace(TITLE, " "))
    taken = snapshot.take(record)
    kept = FilingVersion._meta.get_field("snapshot").shut(taken)
    texts = (canonical(said).decode() for said in (taken, kept))
    return Body(tuple(ready), rest, frozenset(keys), *texts, counting.facets_of(record))


def _values(record_type: RecordType, chance: random.Random) -> Iterator[tuple]:
    texts = [f for f in columns(record_type) if isinstance(f, models.TextField)]
    length = max(100, 400 // max(1, len(texts)))
    for field in columns(record_type):
        if isinstance(field, models.TextField):
            yield field.name, _text(chance, chance.randint(length * 3 // 4, length * 5 // 4))
        elif isinstance(field, ChoiceListField):
            yield field.name, [code for code, _ in field.options if chance.random() < 0.4]
        elif field.choices:
            codes = [code for code, _ in field.choices]
            yield field.name, _favoured(codes, chance)
        elif isinstance(field, models.PositiveIntegerField):
            yield field.name, chance.randint(20, 2000)
        elif isinstance(field, models.CharField):
            said = record_type.example.get(field.name, "")
            yield field.name, said if isinstance(said, str) else ""


def _text(chance: random.Random, length: int) -> str:
    said = ""
    while len(said) < length:
        said += sentence(chance)
    return said
