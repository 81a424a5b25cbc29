"""“一市一品牌”: the training brand of a city with its publicity material (鲁人社字〔2021〕32号 附件1)."""

from django.db import models

from portal import materials
from portal.models import Filing, SealedCharField
from portal.registry import PROVINCE, PaperForm, Problem, Slot, record

QUALITY_YEAR = "鲁人社字〔2021〕32号"
ANNEX = f"{QUALITY_YEAR} 附件1"
PICTURES, VIDEO, ARTICLE = (f"{ANNEX} 宣传素材{number}" for number in (1, 2, 3))

MATERIALS = (
    "1.图片资料。不少于5张，能够体现品牌特色、反映培训实际，要求为JPG、JPEG或PNG格式原图，画面清晰。\n"
    "2.视频素材。相关宣传片、纪录片、采访报道视频片段等，MP4或MOV格式，时长2-3分钟，不少于25帧/秒，"
    "要求高清原片、无字幕、无水印、无抖动，画面背景文字材料一并报送。\n"
    "3.文字材料。宣传稿件800字以内，以典型案例为主，要求真实、生动，具有代表性和可推广性。\n"
    "4.以上材料请以压缩包形式统一报送，命名格式为“地区或单位+品牌名称+联系人联系方式”。"
)

CITY_TRAINING_FORM = PaperForm(
    annex="附件1",
    title=("“一市一品牌”建设情况一览表",),
    organisation_label="",
    place_label="报送市",
    rows={
        "品牌名称": "name",
        "品牌特色（300字以内）": "features",
        "经验做法（500字以内）": "experience",
        "典型案例（500字以内）": "case_story",
        "联系人": "contact_name",
        "联系电话": "contact_phone",
    },
    printed={"宣传素材": MATERIALS},
    lines=(
        ("品牌名称", "报送市"),
        ("品牌特色（300字以内）",),
        ("经验做法（500字以内）",),
        ("典型案例（500字以内）",),
        ("宣传素材",),
        ("联系人", "联系电话"),
    ),
    stacked=("品牌特色（300字以内）", "经验做法（500字以内）", "典型案例（500字以内）"),
    appended={
        "宣传稿件": "promo_article",
        "画面背景文字材料": "background_text",
        "视频无字幕": "no_subtitles",
        "视频无水印": "no_watermark",
        "视频无抖动": "is_steady",
    },
    notes=(),
)

DECLARATIONS = ("no_subtitles", "no_watermark", "is_steady")


@record(
    slug="city-training-brands",
    order=70,
    code="CB",
    basis=f"{QUALITY_YEAR} 二（二）",
    route=PROVINCE,
    question="各市的培训品牌",
    sections={
        "品牌情况": ["name", "contact_name", "contact_phone", "features"],
        "经验和案例": ["experience", "case_story"],
        "文字材料和声明": ["promo_article", "background_text", *DECLARATIONS],
    },
    columns=["name", "features", "case_story"],
    key=["name"],
    public=["name", "features", "experience", "case_story", "promo_article"],
    internal=["background_text", "no_subtitles", "no_watermark", "is_steady"],
    personal=["contact_name", "contact_phone"],
    clauses={
        "name": f"{QUALITY_YEAR} 二（二）",
        "contact_name": ANNEX,
        "contact_phone": ANNEX,
        "features": ANNEX,
        "experience": ANNEX,
        "case_story": ANNEX,
        "promo_article": ARTICLE,
        "background_text": VIDEO,
        "no_subtitles": VIDEO,
        "no_watermark": VIDEO,
        "is_steady": VIDEO,
    },
    limits={"features": 300, "experience": 500, "case_story": 500, "promo_article": 800},
    criteria=("培训质量高", "市场潜力大", "就业前景好", "服务效益强"),
    paper=CITY_TRAINING_FORM,
    slots={
        "pictures": Slot(
            "图片资料",
            "image",
            PICTURES,
            least=5,
            most=30,
            most_bytes=20 * 2**20,
            suffixes=("jpg", "jpeg", "png"),
            hint="不少于5张原图，能够体现品牌特色、反映培训实际，画面清晰。",
        ),
        "video": Slot(
            "视频素材",
            "video",
            VIDEO,
            least=1,
            most=3,
            most_bytes=500 * 2**20,
            suffixes=("mp4", "mov"),
            seconds=(120, 180),
            least_fps=25,
            hint="宣传片、纪录片或采访报道的高清原片，无字幕、无水印、无抖动。",
        ),
    },
    example={
        "name": "潍坊风筝扎制培训品牌（演示）",
        "contact_name": "演示联系人",
        "contact_phone": "00000000000",
        "features": "演示数据。依托本地风筝产业，培训与用工衔接，学员结业即可上岗。",
        "experience": "演示数据。校企共同制定课程，工坊实训占三分之二课时，结业后由工坊优先录用。",
        "case_story": "演示数据。某街道居民参加培训后在家门口的工坊就业，带动邻里共同参训。",
        "promo_article": "演示数据。以学员的故事介绍培训品牌：从学扎骨架到独立接单，用了三个月。",
        "background_text": "演示数据。画面依次为实训课堂、工坊生产和产品展示。",
        "no_subtitles": True,
        "no_watermark": True,
        "is_steady": True,
    },
)
class CityTrainingBrand(Filing):
    """“一市一品牌”建设情况, filed on 附件1 of the notice (鲁人社字〔2021〕32号 二（二）)."""

    name = models.CharField("品牌名称", max_length=60, help_text="本市培育的“领航型”职业技能培训品牌。")
    contact_name = SealedCharField("联系人", max_length=30, help_text="仅供业务联系，不对外公开。")
    contact_phone = SealedCharField("联系电话", max_length=20, help_text="仅供业务联系，不对外公开。")
    features = models.TextField("品牌特色", help_text="300字以内。")
    experience = models.TextField("经验做法", help_text="500字以内。")
    case_story = models.TextField("典型案例", help_text="500字以内。")
    promo_article = models.TextField(
        "宣传稿件", help_text="800字以内，以典型案例为主，要求真实、生动，具有代表性和可推广性。"
    )
    background_text = models.TextField(
        "画面背景文字材料", blank=True, help_text="与视频素材一并报送，写明画面的内容、时间和地点。"
    )
    no_subtitles = models.BooleanField("视频无字幕", default=False, help_text="报送视频的须确认。")
    no_watermark = models.BooleanField("视频无水印", default=False, help_text="报送视频的须确认。")
    is_steady = models.BooleanField("视频无抖动", default=False, help_text="报送视频的须确认。")

    class Meta:
        verbose_name = verbose_name_plural = "“一市一品牌”建设情况"

    def archive_name(self) -> str:
        """Return “地区或单位+品牌名称+联系人联系方式” (附件1 宣传素材4); needs ``organisation.region``."""
        return f"{self.organisation.region.full_name}+{self.name}+{self.contact_name}{self.contact_phone}"

    def problems(self):
        """Yield what must come with a video: the text on its pictures and the three declarations."""
        if not materials.files(self)["video"]:
            return
        if not self.background_text:
            yield Problem("background_text", "有视频素材的，请填写画面背景文字材料。", VIDEO)
        for name in DECLARATIONS:
            if not getattr(self, name):
                label = self._meta.get_field(name).verbose_name
                yield Problem(name, f"有视频素材的，请确认“{label}”。", VIDEO)
