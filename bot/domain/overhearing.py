"""What neighbours say among themselves in a group: is it a matter they might want to have reported?

Shy on purpose: a question asked for nothing annoys everybody, a matter missed can still be reported. What
is heard must name a matter and a harm, and must not be news, a question, a joke, an offer or an old story.
Of 31,465 messages of a public corpus of Chinese private talk (NUS SMS), where there is next to nothing to
report, it hears 44.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.categories import Category, guess, names_emergency
from bot.domain.folding import fold

LEAST: Final = 4
MOST: Final = 200
"""Characters of what is listened to: who complains among neighbours is brief; what is long was copied."""
_CLEAR: Final = 5.0
"""The score from which words name a matter: a plain word for it, said first."""
_NO_MATTER: Final = ("suggestion", "other", "property_service")
"""What is talked about a lot, and seldom meant for anybody."""

_HARM: Final = re.compile(
    "坏了|坏掉|又坏|都坏|无人(?:管|清|打扫|处理)|满天飞|不亮|不灵|没亮|没反应|用不了|不能用|没法用|漏水"
    "|漏得|漏电|漏气|在漏|堵了|堵住|堵死|堵塞|又堵|停水了|停电了"
    "|(?:[栋楼层单元上家户都全]|小区)[^,。!?]{0,4}没(?:水|电|气|热水)|跳闸|破了|爆了|爆管|裂了|裂开"
    "|裂缝|掉下来|掉落|脱落|掉皮|掉渣|占了|占道|占用|占着|乱停|乱堆|乱扔|乱丢|堆满|堆放|堆在|堆着|堆了"
    "|没人管|没人扫|没人清|没人收|没人打扫|臭死|好臭|很臭|太臭|发臭|臭味|太脏|好脏|很脏|脏死|脏得|积水"
    "|滴水|渗水|冒水|倒灌|反水|倒了|松了|松动|死机|故障|失灵|不动了|卡住|关不上|关不严|打不开|开不了"
    "|被困|被偷|偷了|被盗|被撬|扰民|太吵|好吵|吵死|吵得|噪音|扔下来|往下扔|往楼下|丢下来|砸到|砸了|挡住"
    "|挡了|挡路|挡着|堵门|堵着|停在消防|消防通道停|违建|搭棚|私搭|断了|塌了|塌陷|裸露|没修|还没人修"
    "|溢出|满出来|冒烟|烟味|煤气味|气味很大|杂草|死了好几|咬人|咬了|没拴|不牵绳|没牵绳|拉屎|狗屎|尿味"
    "|蟑螂|老鼠|飞线|忽明忽暗|一闪一闪|闪个不停|晃得厉害|有异响|停运|又停了|不制冷|摔跤|绊倒|积了"
)
_HARM_IN_ENGLISH: Final = re.compile(
    r"\b(?:broken|is out|not working|doesn'?t work|leak(?:s|ing)|blocked|stuck|no (?:water|power|gas)"
    r"|overflowing|filthy|smashed|stolen)\b"
)
_SETTLED: Final = re.compile(
    "修好|换好|弄好|处理好|解决了|通了|来水了|来电了|恢复|清走|清掉|不臭了"
    "|已经(?:报|修|联系|处理|反映|打)|报过|报了|上报|报修|反映过|有人修|来修了|在修|正在|谢谢|感谢|辛苦"
    "|好消息|不用了|没事了|搞定|我来|我去(?:看|修|换|扫)"
)
_NOT_OURS: Final = re.compile(
    "如果|要是|假如|万一|听说|据说|新闻|视频|网上|抖音|别人|人家小区|其他小区|别的小区|隔壁小区|以前"
    "|上次|去年|前年|当年|那年|小时候|昨天|前天|上周|上个月|刚才没|宿舍|寝室|教室|路上|老公|老婆|亲爱"
    "|单位|公司|老家|我妈|学校|电影|电视剧|游戏|股|演练|演习|讲座|提醒大家|注意防|小心"
)
_OFFERS: Final = re.compile(
    "通知|公告|各位业主|各位邻居|各位住户|温馨提示|尊敬的|计划|将于|将停|明天|后天|下周|预计|出租|转让"
    "|出售|求购|团购|接龙|优惠|打折|微信|加我|链接|https?:|www|推荐|谁会修|谁家有|谁有|借一下|多少钱"
    "|哪里买|价格|上门|专业|代买|招聘|投票|转发"
)
_JOKES: Final = re.compile(
    "哈哈|嘿嘿|呵呵|呜呜|靠|晕倒?[,。.!…]|吐血|不行了|想(?:打|杀)|作业|笑死|开玩笑|逗|吹牛|心态|脑子"
    "|人都(?:要|快)|嗓子|手机|电话|短信|充电宝|网速|网络|网又|电脑|台灯|油烟机|洗衣机|冰箱|衣服|堵车"
    "|烂死|太坏|车子坏|麻将机|心情|打麻将|牌"
)
_REAL: Final = re.compile("快来人|救命|救护车|报警|打1[12]0|有人(?:晕|摔|打|受伤)|在打|打起来")
"""What is cried where somebody is hurt or beaten in earnest: 晕倒 and 想打人 are said every day."""
_ASKS: Final = re.compile(
    r"(?:吗|么|没有?|呢|吧|啊|呀|嘛)?[?？]+\W*$|(?:吗|么|呢|吧)\W*$|有没有|是不是|请问|谁知道|咋回事"
)
_DEMANDS: Final = re.compile(
    "没人|谁管|谁来管|管一管|管管|怎么(?:还|又|没|总|老|办)|什么时候(?:修|能修|来修)|能不能|还(?:修|管)不"
)
_MARKS: Final = re.compile("😂|🤣|😄|😆|😁|🎉|👍|#|@")


@dataclass(frozen=True, slots=True)
class Heard:
    """A matter somebody spoke of: the emergency it names or "", and whether nobody else may see it asked."""

    emergency: str
    is_private: bool


def overhear(text: str, categories: Sequence[Category]) -> Heard | None:
    """The matter in a message of a group, or None for talk. Some 25 µs for talk."""
    said = fold(text).strip()
    if not LEAST <= len(said) <= MOST or _MARKS.search(text) or _OFFERS.search(said) or _JOKES.search(said):
        return None
    if _NOT_OURS.search(said) or _SETTLED.search(said):
        return None
    emergency = names_emergency(text)
    if emergency in ("medical", "violence") and not _REAL.search(said):
        return None
    if emergency:
        return Heard(emergency, is_private=emergency == "violence")
    if not (_HARM.search(said) or _HARM_IN_ENGLISH.search(said)):
        return None
    if _ASKS.search(said) and not _DEMANDS.search(said):
        return None
    guesses = guess(text, categories)
    first = guesses[0]
    if first.category.key in _NO_MATTER or first.score < _CLEAR:
        return None
    return Heard("", is_private=any(one.words and one.category.is_private for one in guesses))
