"""Invented cards for the tests, and the pictures in docs/cards: python -m tests.printing.invented."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pypdfium2
from PIL import Image

from bot.printing import Card, CardLine, CardWords, business_cards, picture, poster

LINK = "https://t.me/lianxin_bot?start=j_7fK2mQ9xT4"
DOCS = Path(__file__).parents[2] / "docs" / "cards"

SIMPLIFIED = Card(
    "绿洲路126号大院",
    "3号楼",
    "2单元",
    (
        CardLine("单元长", "林志远", "", "", "本单元楼道和通知", "2单元"),
        CardLine(
            "楼栋长",
            "王秀兰",
            "13800000010",
            "每天 8:00–21:00",
            "本楼住户的诉求和通知",
            "",
            "外出至 5 月 12 日，赵小军代",
        ),
        CardLine("副楼栋长", "赵小军", "13800000012", "每天 19:00–21:00", "楼栋长不在时代办"),
        CardLine("楼栋党小组长", "刘喆", "13800000015", "", "联系本楼党员、帮助困难住户"),
        CardLine("业委会主任", "", "", "周二、周四 19:00–21:00", "业主权益、维修资金、公共收益"),
        CardLine("党支部书记", "杨守信", "13800000001", "周一至周五 9:00–17:00", "支部工作、大院重大事项"),
        CardLine("物业经理", "蒋国华", "13800000006", "每天 8:30–18:00", "保洁、门卫、公共设施维修"),
    ),
    (
        ("报警", "110"),
        ("火警", "119"),
        ("急救", "120"),
        ("市民热线", "12345"),
        ("派出所", "0835-5550110"),
        ("物业值班", "0835-5550106"),
    ),
    LINK,
    CardWords(
        "zh_CN",
        "连心卡",
        "有事找得到人，事事有回音",
        "手机扫一扫，报事、查进度",
        "灯坏了、电梯停了、想找楼栋长，发一句话或一张照片就行。",
        "暂缺",
        "请扫码联系",
        "紧急电话",
        "2024 年 5 月 1 日印制 · 绿洲路126号大院业主委员会",
    ),
)
TRADITIONAL = Card(
    "綠洲路126號大院",
    "3號樓",
    "",
    (
        CardLine("樓棟長", "王秀蘭", "13800000010", "每天 8:00–21:00", "本樓住戶的訴求和通知"),
        CardLine("黨支部書記", "楊守信", "13800000001", "週一至週五 9:00–17:00", "支部工作、大院重大事項"),
        CardLine("物業經理", "蔣國華", "0835-5550106", "每天 8:30–18:00", "保潔、門衛、公共設施維修"),
    ),
    (("報警", "110"), ("火警", "119"), ("急救", "120"), ("市民熱線", "12345")),
    LINK,
    CardWords(
        "zh_TW",
        "連心卡",
        "有事找得到人，事事有回音",
        "手機掃一掃，報事、查進度",
        "燈壞了、電梯停了、想找樓棟長，發一句話或一張照片就行。",
        "暫缺",
        "請掃碼聯繫",
        "緊急電話",
        "2024 年 5 月 1 日印製",
    ),
)
ENGLISH = Card(
    "126 Lüzhou Road",
    "Building 3",
    "Entrance 2",
    (
        CardLine("Entrance leader", "Lin Zhiyuan", "", "", "The stairwell of this entrance", "Entrance 2"),
        CardLine(
            "Building leader",
            "Wang Xiulan",
            "13800000010",
            "daily 8:00–21:00",
            "Whatever residents of this building need",
        ),
        CardLine("Party group leader", "Liu Zhe", "13800000015", "", "Helps households in need"),
        CardLine(
            "Owners’ committee director",
            "",
            "",
            "Tue, Thu 19:00–21:00",
            "Rights of owners, repair fund, common income",
        ),
        CardLine(
            "Branch secretary",
            "Yang Shouxin",
            "13800000001",
            "Mon–Fri 9:00–17:00",
            "Matters of weight for the compound",
        ),
        CardLine(
            "Property manager",
            "Jiang Guohua",
            "13800000006",
            "daily 8:30–18:00",
            "Cleaning, gate, repairs of common facilities",
        ),
    ),
    (
        ("Police", "110"),
        ("Fire", "119"),
        ("Ambulance", "120"),
        ("City hotline", "12345"),
        ("Police station", "0835-5550110"),
    ),
    LINK,
    CardWords(
        "en",
        "Contact card",
        "There is always somebody to ask",
        "Scan to report and to follow up",
        "A broken lamp, a lift that stands still: one line or one photo will do.",
        "vacant",
        "scan the code",
        "Emergency numbers",
        "Printed on 1 May 2024",
    ),
)
COMMITTEE = tuple(
    CardLine("自管委", name, f"138000000{number}", "每天 19:00–21:00", "停车、卫生、门卫等日常自治")
    for name, number in (("高玉梅", 21), ("何长青", 22), ("唐晓燕", 23))
)
STATE = (
    CardLine("社区书记", "谢文静", "13800000031", "周一至周五 9:00–17:00", "社区党建、居民议事"),
    CardLine("网格员", "郑䶮", "13800000032", "周一至周五 9:00–17:00", "社区事务、政策咨询"),
)
MANY = replace(SIMPLIFIED, lines=(*SIMPLIFIED.lines, *COMMITTEE, *STATE))


def drawn(pdf: bytes, scale: float = 2.0, number: int = 0) -> Image.Image:
    """Return a page of a PDF as pixels, `scale` to a point."""
    with pypdfium2.PdfDocument(pdf) as document:
        image: Image.Image = document[number].render(scale=scale).to_pil()
        return image


def _save(image: Image.Image, name: str) -> None:
    file = BytesIO()
    image.quantize(32).save(file, "PNG", optimize=True)
    (DOCS / name).write_bytes(file.getvalue())


if __name__ == "__main__":
    DOCS.mkdir(parents=True, exist_ok=True)
    _save(drawn(poster([SIMPLIFIED])), "poster-zh_CN.png")
    _save(drawn(business_cards([SIMPLIFIED])), "business-cards-zh_CN.png")
    (DOCS / "picture-zh_CN.png").write_bytes(picture(SIMPLIFIED))
