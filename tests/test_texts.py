"""Every sentence: the same in all locales, sound when rendered, used, and nowhere but in the templates."""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined, UndefinedError, meta, nodes

from bot.actions.cards import RATINGS
from bot.actions.commands import HOLDER
from bot.actions.contact_cards import FORMATS, WHERE_MOST
from bot.actions.contact_cards import LINES_MOST as CARDS_MOST
from bot.actions.contact_cards import PLACES as HANGING
from bot.actions.desk import BIG_MENU, MENU
from bot.actions.digest import LINES_MOST as MORNING_MOST
from bot.actions.elders import CONTACTS_MOST
from bot.actions.lists import FILTERS
from bot.actions.own_data import VIEWS_MOST
from bot.actions.replies import OCCASIONS
from bot.actions.rerouting import LINES_MOST as MOVED_SHOWN
from bot.actions.threads import LIVE_MOST
from bot.actions.waiting import OUTSIDE, TOLD
from bot.app import TEMPLATES
from bot.conversation.turn import TOAST_MOST, plain
from bot.domain.announcing import State as Standing
from bot.domain.categories import DEFAULT_CATEGORIES, Urgency
from bot.domain.categories import PLACES as AT
from bot.domain.dates import Festival
from bot.domain.elders import FEW
from bot.domain.posts import PostKind
from bot.domain.sheets import COLUMNS, IGNORED_SHEETS, SHEETS, Reason
from bot.domain.transitions import Action, Resolution, State
from bot.handlers.absences import LISTED_MOST as ABSENCES_MOST
from bot.handlers.activities import LISTED_MOST as ACTIVITIES_MOST
from bot.handlers.announcing import BUILDINGS_MOST, UNITS_MOST
from bot.handlers.appointing import HISTORY_PAGE
from bot.handlers.cards import HISTORY_MOST
from bot.handlers.groups import LISTED_MOST as GROUPS_MOST
from bot.handlers.groups import TITLE_MOST
from bot.handlers.interest_groups import LISTED_MOST as TEAMS_MOST
from bot.handlers.interest_groups import MEMBERS_MOST
from bot.handlers.lending import LISTED_MOST as LOANS_MOST
from bot.handlers.lists import MINE_PAGE, PAGE
from bot.handlers.menu import DUTY_MOST, HOURS_MOST, LINES_MOST
from bot.handlers.organising import NAMED_MOST
from bot.handlers.rates import WAYS
from bot.handlers.replies import PAGE as READY_MOST
from bot.handlers.residents import HOMES_MOST
from bot.handlers.residents import LISTED_MOST as REQUESTS_MOST
from bot.handlers.restrictions import LISTED_MOST as PAUSES_MOST
from bot.handlers.threads import NOTES_SHOWN
from bot.handlers.waiting import LETTER_LINES
from bot.sandbox.entities import formatted, utf16_length
from bot.spreadsheets.exporting import BESIDE
from bot.texts import DEFAULT_LOCALE, LOCALES, locale_for, pieces, short
from tests.world import TEXTS

BOT = TEMPLATES.parent / "bot"
IDEOGRAPH = re.compile("[\u3400-\u9fff]")
MOST = 4096
"""UTF-16 units of a message: https://core.telegram.org/bots/api#sendmessage"""


# What stands in the templates --------------------------------------------------------------------------


def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    for name in (
        "rate",
        "brief_rate",
        "three_rates",
        "category",
        "kind",
        "post",
        "state",
        "deed",
        "urgency",
        "rate",
        "three_rates",
        "brief_rate",
        "office",
        "date",
        "change",
        "place",
        "when",
        "span",
        "short",
        "festival",
        "audience",
        "lunar",
        "practice",
        "whom",
        "hour",
        "day",
    ):
        environment.filters[name] = str
    return environment


def _blocks(locale: str) -> dict[str, nodes.Block]:
    """Every block of a locale's own files (no fallback) by its name `topic.block`."""
    environment = _environment()
    return {
        f"{file.stem}.{block.name}": block
        for file in sorted((TEMPLATES / locale).glob("*.j2"))
        for block in environment.parse(file.read_text(encoding="utf-8")).find_all(nodes.Block)
    }


def _variables(block: nodes.Block) -> set[str]:
    """What a block needs to be told."""
    template = nodes.Template(block.body)
    template.set_environment(_environment())
    return meta.find_undeclared_variables(template)


def _asked(block: nodes.Block) -> set[str]:
    """The variables a block chooses by: only these may be empty."""
    tests = [choice.test for choice in block.find_all(nodes.If)]
    tests += [choice.test for choice in block.find_all(nodes.CondExpr)]
    return {name.name for test in tests for name in nodes.Output([test]).find_all(nodes.Name)}


def _fields(block: nodes.Block) -> set[str]:
    """Which parts of its facts a block looks at: `line.number`, `place.building`."""
    return {
        f"{found.node.name}.{found.attr}"
        for found in block.find_all(nodes.Getattr)
        if isinstance(found.node, nodes.Name)
    }


BLOCKS = {locale: _blocks(locale) for locale in LOCALES}
MESSAGES = sorted(BLOCKS[DEFAULT_LOCALE])
VARIABLES = {message: _variables(block) for message, block in BLOCKS[DEFAULT_LOCALE].items()}


@pytest.mark.parametrize("locale", LOCALES[1:])
def test_every_locale_has_the_same_blocks_with_the_same_variables(locale: str) -> None:
    """A reader of another language is told as much as everybody else."""
    assert not BLOCKS[locale].keys() ^ set(MESSAGES)
    for message, block in BLOCKS[locale].items():
        assert _variables(block) == VARIABLES[message], message
        assert _fields(block) == _fields(BLOCKS[DEFAULT_LOCALE][message]), message


@pytest.mark.parametrize("locale", LOCALES)
def test_a_topic_names_each_block_once_and_says_nothing_outside(locale: str) -> None:
    """A second block of the same name, or words between two blocks, would silently never be seen."""
    for file in sorted((TEMPLATES / locale).glob("*.j2")):
        source = file.read_text(encoding="utf-8")
        names = re.findall(r"{% block (\w+) %}", source)
        assert sorted(names) == sorted(set(names)), file
        assert not re.sub(r"{% block (\w+) %}.*?{% endblock %}", "", source, flags=re.DOTALL).strip(), file


SPOKEN_AS_THEY_ARE = re.compile(r"{% block (locale_\w+|more_language|language) %}.*?{% endblock %}")
"""The names of languages stand in their own language everywhere."""


@pytest.mark.parametrize(("locale", "charset"), [("zh_CN", "gb2312"), ("zh_TW", "big5"), ("en", "ascii")])
def test_a_locale_is_written_in_its_own_script(locale: str, charset: str) -> None:
    """No simplified character among traditional ones, nor the other way round; no Chinese in English."""
    for file in sorted((TEMPLATES / locale).glob("*.j2")):
        written = SPOKEN_AS_THEY_ARE.sub("", file.read_text(encoding="utf-8"))
        foreign = {sign for sign in IDEOGRAPH.findall(written) if not sign.encode(charset, "ignore")}
        assert not foreign, file


# How they look -----------------------------------------------------------------------------------------

TIMEZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 24, 2, 5, tzinfo=UTC)
PLACE = {
    "kind": "unit",
    "compound": "绿洲路126号大院",
    "building": "3号楼",
    "entrance": "2单元",
    "unit": "502",
}
DOOR = {**PLACE, "kind": "entrance", "unit": ""}
BUILDING = {**DOOR, "kind": "building", "entrance": ""}
AUDIENCE: dict[str, Any] = {
    "compound": False,
    "buildings": (("3号楼", "5号楼"), ("8号楼",)),
    "entrances": ("2号楼1单元",),
    "posts": (("building_leader", "9号楼"), ("property_manager", "")),
    "groups": ("舞蹈队",),
    "narrowed_to": (),
    "without": {"compound": False, "buildings": (), "entrances": (), "posts": (), "groups": ()},
}
WHOLE = {**AUDIENCE, "compound": True, "buildings": (), "entrances": (), "posts": (), "groups": ()}
AUDIENCES = (
    WHOLE,
    {**WHOLE, "narrowed_to": ("owner",)},
    {
        **WHOLE,
        "narrowed_to": ("owner", "renter"),
        "without": {**WHOLE, "compound": False, "groups": ("舞蹈队",)},
    },
    {**AUDIENCE, "entrances": tuple(f"{number}号楼1单元" for number in range(30))},
)
WHOM: dict[str, Any] = {"name": "王奶奶", "home": PLACE, "came_by": ""}
PROXY: dict[str, Any] = {"by": "王秀兰", "source": "phone", "home": PLACE}
LINE: dict[str, Any] = {
    "kind": "owner",
    "since": NOW,
    "asked_kind": "",
    "is_pending": False,
    "is_main": False,
    "is_listed": True,
    "has_account": True,
    "for_whom": None,
    "number": "261124-001",
    "category": "lighting",
    "state": "open",
    "place": PLACE,
    "handler": "刘强",
    "handler_post": "building_leader",
    "accept_due": NOW + timedelta(days=1),
    "resolve_due": NOW + timedelta(days=7),
    "timezone": TIMEZONE,
    "text": "楼道灯坏了，晚上看不见台阶",
    "urgency": "ordinary",
    "is_new": False,
    "wakes_today": False,
    "is_followed": False,
    "filed_at": NOW,
    "wake_at": NOW + timedelta(days=3),
    "referred_to": "property",
    "from_neighbour": False,
    "at": NOW,
    "by": "reporter",
    "action": "file",
    "from_reporter": True,
    "was": "",
    "occasion": "reply",
    "is_of_all": False,
    "post": "building_leader",
    "compound": "",
    "building": "3号楼",
    "entrance": "2单元",
    "name": "陈秀英",
    "phone": "13900000005",
    "hours": "每天 8:00–21:00",
    "duty": "本楼住户的诉求和通知",
    "title": "3号楼邻里群",
    "starts_at": NOW,
    "place_words": "小区广场",
    "names": "王奶奶、小宝",
    "host": "",
    "audience": AUDIENCE,
    "health": "ok",
    "until": NOW + timedelta(hours=14),
    "lender": "何志远",
    "members": 12,
    "practice": None,
    "is_mine": False,
    "holders": [],
    "source": "chat",
    "actor": "何志远",
    "what": "",
    "rest": 0,
    "is_deputy": False,
    "is_away": False,
    "stand_in": "",
    "is_leader": False,
    "standing": "sent",
    "is_urgent": False,
    "is_correction": False,
    "unread": 20,
    "households": 24,
    "units": [{"unit": "502", "names": ["王奶奶", "李叔"]}, {"unit": "601", "names": []}],
    "topic": "reminder",
    "is_overdue": False,
    "is_stand_in": True,
    "is_running": False,
    "has_hour": False,
    "count": 2,
    "is_late": False,
    "due": NOW + timedelta(days=1),
    "open_for": timedelta(days=1, hours=3),
    "was_urgency": "",
    "how": "",
}
PRACTICE: dict[str, Any] = {
    "every": "week",
    "on_days": [1, 3],
    "nth": None,
    "from_time": "19:00",
    "to_time": "21:00",
    "is_off_on_holidays": True,
}
PRACTICES = (
    PRACTICE,
    {**PRACTICE, "every": "day", "on_days": list(range(7)), "to_time": "", "is_off_on_holidays": False},
    *({**PRACTICE, "every": "month", "on_days": [5], "nth": nth} for nth in (-1, 1, 5)),
    *({**PRACTICE, "every": every, "on_days": [-1, 1, 15, 30]} for every in ("month", "lunar_month")),
)
BY = ("clock", "reporter", "proxy", "handler", "neighbour")
STANDINGS = tuple(state.value for state in Standing)
PARTIES = ("confirmed", "checked_in", "waiting", "asked", "declined", "withdrawn", "lapsed", "called_off")
NAMED: dict[str, Any] = {
    "compound": False,
    "buildings": (("3号楼", "5号楼"),),
    "entrances": (),
    "posts": (),
    "groups": (),
    "narrowed_to": (),
}
MISSED = (
    "no_account",
    "muted",
    "unreachable",
    "blocked",
    "recalled",
    "restored",
    "expired",
    "other",
    "wider",
    "excluded",
)
LEVELS = ("neighbours", "leader", "committee")
IN_POST: dict[str, Any] = {
    "name": "王秀兰",
    "is_deputy": False,
    "is_away": False,
    "is_reachable": True,
    "stand_in": "",
    "since": NOW,
    "term_until": None,
    "has_phone_shown": True,
}
IN_POSTS: tuple[dict[str, Any], ...] = (
    IN_POST,
    {**IN_POST, "is_deputy": True, "is_reachable": False, "has_phone_shown": False},
    {**IN_POST, "is_away": True, "term_until": NOW},
    {**IN_POST, "is_away": True, "stand_in": "赵小军"},
)
PLAN: dict[str, Any] = {
    "name": "王奶奶",
    "by": "王秀兰",
    "is_deputy": False,
    "begins_at": NOW,
    "standing": "asked",
}
PLANS = ("proposed", "asked", "waiting", "begun", "declined", "withdrawn")
"""Where a plan of who is to hold a post may stand."""
CHANGE: dict[str, Any] = {**LINE, "action": "post.appointed"}
CHANGES: tuple[dict[str, Any], ...] = (
    CHANGE,
    {**CHANGE, "is_deputy": True},
    *({**CHANGE, "source": source} for source in ("command_line", "import", "clock")),
    *(
        {**CHANGE, "action": "post.planned", "what": what}
        for what in ("proposed", "asked", "waiting", "declined", "invited", "withdrawn")
    ),
    *(
        {**CHANGE, "action": "post.text", "what": what}
        for what in ("duty", "hours", "phone", "phone_on", "phone_off")
    ),
    {**CHANGE, "action": "post.term"},
    *({**CHANGE, "action": "post.ended", "what": what} for what in ("replaced", "resigned", "dismissed")),
    *({**CHANGE, "action": f"absence.{what}"} for what in ("begun", "ended")),
    *({**CHANGE, "action": f"residency.{what}"} for what in ("approved", "refused", "ended", "asked")),
    *(
        {**CHANGE, "action": what}
        for what in ("person.merged", "person.forgotten", "import.done", "card.reissued", "issue.proxy")
    ),
)
PRINT: dict[str, Any] = {
    "building": "3号楼",
    "format": "poster",
    "where": "电梯里",
    "made_at": NOW,
    "is_old": False,
}
CONTACT: dict[str, Any] = {"post": "building_leader", "name": "王秀兰", "phone": "139", "is_away": False}
FACTS: dict[str, Any] = {
    "labels": ["📨 提交", "✖ 取消"],
    "contacts": [CONTACT],
    "taken_by": "王秀兰",
    **LINE,
    "after": "13900000001",
    "appointed": 2,
    "column": "房号",
    "ended": 1,
    "file": "register.xlsx",
    "known": ["楼栋", "单元"],
    "level": "楼栋",
    "line": 14,
    "mistake": "没有填写",
    "moved_out": 3,
    "sheet": "residents",
    "unlisted": 3,
    "value": "3/2",
    "for_whom": WHOM,
    "year": 2026,
    "holders": [IN_POST],
    "plans": [],
    "begins_at": NOW,
    "term_until": NOW,
    "decided_by": "何志远",
    "former": "王秀兰",
    "vacant": 2,
    "link": "https://t.me/lianxin_bot?start=aK7M3QW9Axy",
    "which": "duty",
    "home": PLACE,
    "proxy": PROXY,
    "came_by": "phone",
    "homes": [{"place": PLACE, "kind": "owner", "is_pending": False}],
    "held": [{"post": "building_leader", "compound": "", "building": "3号楼", "entrance": ""}],
    "shown_as": "leader",
    "language": "English",
    "before": "王奶奶",
    "word": "Delete",
    "next_at": NOW + timedelta(hours=1),
    "source": "clock",
    "erased": "",
    "since": NOW,
    "author": "罗建群",
    "author_post": "owners_committee_director",
    "chosen_at": None,
    "groups_all": 20,
    "groups_sent": 18,
    "html": "明天上午<b>停水</b>，请提前储水。",
    "missed_groups": [],
    "missed_people": [],
    "people_all": 830,
    "people_sent": 812,
    "reads": 0,
    "second": "",
    "send_at": NOW,
    "sent_at": None,
    "standing": "sent",
    "unread": 20,
    "households": 24,
    "valid_until": None,
    "was": AUDIENCE,
    "starts_at": NOW,
    "ends_at": NOW + timedelta(hours=2),
    "deadline_at": NOW - timedelta(days=1),
    "place_words": "小区广场",
    "capacity": 30,
    "per_household": 3,
    "taken": 12,
    "waiting": 0,
    "mine": [],
    "team": "",
    "names": ["王奶奶", "小宝", "老伴"],
    "seats": 3,
    "offered": 1,
    "news": "",
    "festivals": ["double_ninth"],
    "lunar_month": 9,
    "lunar_day": 9,
    "channels": "both",
    "people": 25,
    "here": 11,
    "first": "王奶奶",
    "opens": NOW,
    "left": 1,
    "last": NOW.date(),
    "dates": [NOW.date(), NOW.date() + timedelta(days=1)],
    "code": "K7M3QW9A",
    "items": [
        {"kind": "buildings", "first": "3号楼", "last": "5号楼", "narrowed_to": ()},
        {"kind": "buildings", "first": "8号楼", "last": "8号楼", "narrowed_to": ()},
        {"kind": "entrance", "name": "2号楼1单元", "narrowed_to": ("owner",)},
        {"kind": "holders", "post": "building_leader", "name": "9号楼", "narrowed_to": ()},
        {"kind": "group", "name": "舞蹈队", "narrowed_to": ()},
    ],
    "without": None,
    "nearest": ("3号楼", "5号楼"),
    "missing": (("30号楼", "40号楼"), ("50号楼",)),
    "existing": (("3号楼", "5号楼"), ("8号楼",)),
    **PRACTICE,
    "about": "每天早上跳广场舞，零基础也欢迎",
    "practice": PRACTICE,
    "practice_place": "中心广场",
    "coming": [NOW + timedelta(days=2), NOW + timedelta(days=7)],
    "leader": "王奶奶",
    "members": 12,
    "who": "刘强",
    "about_handler": False,
    "accepted": 2,
    "approved": True,
    "clock": "accept",
    "closed_how": "confirmed",
    "compound": "绿洲路126号大院",
    "count": 3,
    "day": 24,
    "days": 1,
    "decided": None,
    "door": DOOR,
    "empty": [],
    "error": "KeyError",
    "filed": 7,
    "done": 5,
    "kept": 2,
    "filed_at": NOW,
    "handler_phone": "13900000005",
    "hours": 3,
    "how": "withdrawn",
    "kind": "owner",
    "lines": [LINE, {**LINE, "number": "261124-002", "state": "accepted", "accept_due": None}],
    "minutes": 5,
    "month": 11,
    "most": 10,
    "now": NOW,
    "nudged_at": None,
    "numbers": (("派出所", "0835-2222222"),),
    "outside": False,
    "part": 1,
    "parts": 3,
    "percent": 50,
    "person": 17,
    "photos": 2,
    "rating": None,
    "reachable": True,
    "reason": {"rule": "chain", "skipped": [["building_leader", "empty"]]},
    "reference": 4711,
    "reopen_count": 0,
    "reporter": "王奶奶",
    "reporter_approved": True,
    "rest": 0,
    "said": "三幢那边",
    "skipped": [],
    "talk": [LINE, {**LINE, "from_reporter": False, "text": "明天换灯泡"}],
    "time": "10:05",
    "told": "刘强",
    "unit": "502",
    "urgency": "ordinary",
    "voices": 0,
    "weekday": 1,
    "words": "换了灯泡，现在亮了",
}
FACTS |= {
    "household": [LINE, {**LINE, "has_account": False}],
    "register": "yes",
    "twin": "",
    "because": "not_here",
    "was_kind": "",
    "asked_kind": "renter",
    "stays": "",
    "joined": 38,
    "pending": 2,
    "total": 60,
    "floors": ["601 602", "501 502"],
}
FACTS |= {
    "is_handler_away": False,
    "left": timedelta(hours=5),
    "rung": 150,
    "heard": ["楼道灯"],
    "others": ["stairwell_hygiene", "other"],
    "window": timedelta(days=3),
    "idle": [NOW, NOW + timedelta(days=1)],
    "made_up": [],
    "accept_term": timedelta(days=1),
    "resolve_term": timedelta(days=7),
    "aware": ["deputy_leader", "self_management_committee"],
    "your_post": "self_management_committee",
    "instead_of": "",
    "passed": 2,
    "format": "poster",
    "where": "电梯里",
    "prints": [{**PRINT, "format": form} for form in FORMATS],
    "places": [PRINT],
    "posts": [{**LINE, "names": ["王秀兰", "赵小军"], "rest": 0}],
}
"""What a block may be told, as it would be in an ordinary case."""

COUNTED = (
    *("late", "today", "open", "new", "requests", "late_elsewhere"),
    *("waiting_reporter", "waiting_external", "scheduled", "resolved"),
)
"""What lists and the morning's word count."""
MERGED = {"number": "261124-002", "text": "楼道灯不亮"}
FACTS |= {
    "main": "261124-003",
    "main_text": "楼道灯不亮",
    "merged": [],
    "merged_number": "261124-002",
    "asked_at": NOW,
    "external_reference": "20261124-0088",
    "helper": "赵小军",
    "helper_post": "deputy_leader",
    "office": "property",
    "question": "是几楼的灯？",
    "rating_words": "",
    "referred_to": "雨城区住建局",
    "state_before": "scheduled",
    "to_urgency": "danger",
    "wake_at": NOW + timedelta(days=3),
    "was_urgency": "ordinary",
    "notes": [{"name": "王秀兰", "text": "灯泡已经买好了", "at": NOW}],
    "occasion": "reply",
}
FACTS |= {
    "scope": "mine",
    "only": "all",
    "counts": [{"what": "late", "count": 2}, {"what": "open", "count": 3}],
    "late": 1,
}

LINE |= {"has_appealed": False}
FACTS |= {"body": "branch_secretary", "emergency": "", "number": "261124-001"}
RATE: dict[str, Any] = {"part": 25, "whole": 30, "percent": 83, "low": 66, "high": 93, "is_few": False}
NO_RATE: dict[str, Any] = {"part": 0, "whole": 0, "percent": None, "low": 0, "high": 100, "is_few": True}
FIGURES: dict[str, Any] = {
    "filed": 24,
    "done": 18,
    "no_reply": 3,
    "closed": 18,
    "unrated": 8,
    "rated": 10,
    "satisfied": 7,
    "fair": 2,
    "dissatisfied": 1,
    "response": RATE,
    "resolution": {**RATE, "whole": 8, "is_few": True},
    "satisfaction": RATE,
}
NO_FIGURES: dict[str, Any] = {
    **dict.fromkeys(FIGURES, 0),
    "response": NO_RATE,
    "resolution": NO_RATE,
    "satisfaction": NO_RATE,
}
RECURRING: dict[str, Any] = {"place": DOOR, "category": "lighting", "count": 5}
FACTS |= {
    "part": 25,
    "whole": 30,
    "percent": 83,
    "low": 66,
    "high": 93,
    "figures": FIGURES,
    "month_name": "2026年11月",
    "overdue": 2,
    "buildings_led": [{"building": "3号楼", "figures": FIGURES}],
    "sorted_by": "building",
    "counted": [{**LINE, "figures": FIGURES}],
    "begin": NOW,
    "recurring": [RECURRING],
    "buildings_shown": [{"building": "3号楼", "filed": 12, "done": 9}],
    "buildings_hidden": 2,
    "least": 3,
}
EMERGENCIES = ("fire", "gas", "trapped", "violence", "electric", "medical")
TOPICS = ("reminder", "overdue", "escalation", "outward", "lapsed", "passed_around", *TOLD)
SKIPPED = [
    [kind.value, why]
    for kind in PostKind
    for why in ("empty", "away", "unreachable", "declined", "concerned")
]
VARIANTS: dict[str, tuple[Any, ...]] = {
    "contacts": ([], [CONTACT, {**CONTACT, "phone": "", "is_away": True}]),
    "taken_by": ("",),
    "rung": (50, 100, None),
    "heard": ([],),
    "others": ([],),
    "idle": ([],),
    "made_up": ([NOW],),
    "aware": ([], ["deputy_leader"]),
    "your_post": ("stand_in", "deputy_leader", "owners_committee_director", "branch_secretary"),
    "instead_of": ("owners_committee_director",),
    "passed": (1,),
    "column": ("",),
    "line": (0,),
    "moved_out": (0,),
    "sheet": ("compounds",),
    "for_whom": (None, {**WHOM, "name": "", "came_by": "paper"}),
    "proxy": (None, {**PROXY, "home": None}, *({**PROXY, "source": how} for how in ("visit", "paper"))),
    "came_by": ("", "visit", "paper"),
    "home": (None,),
    "accepted": (0,),
    "kept": (0,),
    "author_post": ("",),
    "chosen_at": (NOW,),
    "missed_groups": ([{"name": "3号楼群", "why": why, "count": 2} for why in MISSED],),
    "missed_people": ([{"why": why, "count": 2} for why in MISSED],),
    "reads": (5,),
    "second": ("陈支书",),
    "sent_at": (NOW,),
    "standing": STANDINGS,
    "valid_until": (NOW + timedelta(hours=2),),
    "audience": (None, *AUDIENCES),
    "was": (None,),
    "deadline_at": (None,),
    "ends_at": (None,),
    "capacity": (None,),
    "per_household": (None,),
    "waiting": (3,),
    "team": ("舞蹈队",),
    "mine": ([{"names": ["王奶奶"], "standing": standing, "seats": 1} for standing in PARTIES],),
    "offered": (3,),
    "news": ("offered", "lapsed", "passed_on", "unseated", "moved", "cancelled", "reminder", "by_organiser"),
    "channels": ("groups", "private"),
    "left": (0,),
    "taken": (0,),
    "health": ("gone", "no_pin"),
    "items": (
        [{"kind": "compound", "narrowed_to": ("owner", "renter")}],
        [{"kind": "holders", "post": "property_manager", "name": "", "narrowed_to": ()}],
    ),
    "without": (WHOLE,),
    "nearest": ((),),
    "existing": ((),),
    "practice": (None, *PRACTICES),
    "every": ("day", "month", "lunar_month"),
    "nth": (-1, 2),
    "to_time": ("",),
    "coming": ([],),
    "about_handler": (True,),
    "accept_due": (None,),
    "action": tuple(Action),
    "approved": (False,),
    "by": ("clock", ""),
    "clock": ("resolve",),
    "closed_how": ("confirmed_by_proxy", "no_reply", "withdraw", "mark_duplicate", "reject"),
    "count": (0,),
    "days": (0, 3),
    "decided": ("approved", "refused"),
    "empty": (["building_leader"],),
    "entrance": ("",),
    "building": ("",),
    "unit": ("",),
    "handler_phone": ("",),
    "hours": (0, 1),
    "how": ("solved_itself",),
    "kind": ("renter", "family"),
    "lines": (
        [],
        [{**LINE, "standing": standing, "is_urgent": True, "is_correction": True} for standing in STANDINGS],
        [{**LINE, "action": action} for action in Action],
        [
            {
                **LINE,
                "urgency": urgency,
                "is_late": True,
                "is_mine": True,
                "is_new": True,
                "wakes_today": True,
            }
            for urgency in Urgency
        ],
        [{**LINE, "state": state, "is_followed": True} for state in State],
        [{**LINE, "by": "proxy", "for_whom": WHOM}],
        [{**LINE, "state": state, "topic": topic} for state in State for topic in TOPICS],
        [
            {
                **LINE,
                "accept_due": None,
                "resolve_due": None,
                "due": None,
                "text": "",
                "name": "",
                "by": "clock",
            }
        ],
        [{**LINE, "is_running": True, "has_hour": True}],
        [{**LINE, "building": "", "entrance": "", "phone": "", "hours": "", "duty": "", "by": "handler"}],
        [{**LINE, "audience": None, "health": health} for health in ("gone", "no_pin")],
    ),
    "minutes": (0, 1),
    "name": ("",),
    "now": (NOW + timedelta(days=30),),
    "nudged_at": (NOW,),
    "numbers": ((),),
    "outside": (True,),
    "parts": (1,),
    "photos": (0,),
    "place": (
        DOOR,
        BUILDING,
        *({**BUILDING, "kind": kind, "building": ""} for kind in ("common_area", "compound")),
    ),
    "post": tuple(PostKind),
    "rating": ("satisfied", "fair", "dissatisfied"),
    "reachable": (False,),
    "reason": tuple(
        {"rule": rule, "skipped": SKIPPED}
        for rule in ("category_post", "transferred", "stand_in", "last_resort")
    ),
    "reopen_count": (2,),
    "reporter_approved": (False,),
    "resolve_due": (None,),
    "rest": (4,),
    "skipped": ([["building_leader", "empty"]],),
    "state": tuple(State),
    "talk": ([], [{**LINE, "action": "correct"}, {**LINE, "action": "correct", "text": ""}]),
    "text": ("",),
    "told": ("",),
    "urgency": ("danger", "utility"),
    "voices": (1,),
    "words": ("",),
    "phone": ("",),
    "homes": (
        [],
        [{"place": PLACE, "kind": kind, "is_pending": True} for kind in ("owner", "renter", "family")],
    ),
    "shown_as": LEVELS,
    "plans": ([PLAN, {**PLAN, "is_deputy": True}], *([{**PLAN, "standing": one}] for one in PLANS)),
    "begins_at": (None,),
    "term_until": (None,),
    "former": ("",),
    "holders": ([], *([one] for one in IN_POSTS)),
    "vacant": (0,),
    "which": ("hours", "phone"),
    "erased": ("on_request", "after_term"),
    "reporter": ("",),
    "source": ("chat", "command_line", "import"),
}
VARIANTS |= {
    "household": (
        [],
        [{**LINE, "is_pending": True}, {**LINE, "has_account": False, "is_listed": False, "phone": ""}],
    ),
    "register": ("other", "none"),
    "twin": ("王芳",),
    "because": ("unclear", "moved", "mistaken", "说不清楚"),
    "was_kind": ("renter",),
    "asked_kind": ("",),
    "stays": ("owner",),
    "pending": (0,),
    "floors": ([],),
}
VARIANTS |= {
    "format": FORMATS[1:],
    "where": ("",),
    "prints": ([], [{**PRINT, "is_old": True}]),
    "places": ([], [{**PRINT, "format": form} for form in FORMATS]),
    "posts": (
        [{**LINE, "building": "", "entrance": "", "names": []}],
        [{**LINE, "names": ["王秀兰"], "rest": 9}],
    ),
}
VARIANTS |= {
    "main": ("",),
    "main_text": ("",),
    "merged": ([MERGED, {**MERGED, "text": ""}],),
    "households": (0, 1),
    "asked_at": (None,),
    "scope": ("all", "building"),
    "only": tuple(FILTERS)[1:],
    "counts": ([], *([{"what": what, "count": 1}] for what in COUNTED)),
    "late": (0,),
    "external_reference": ("",),
    "office": (*OUTSIDE[1:], "雨城区住建局"),
    "rating_words": ("等了一个星期才来",),
    "state_before": ("waiting_external",),
    "wake_at": (None,),
    "notes": ([],),
    "emergency": EMERGENCIES,
    "number": ("",),
}
"""What else it may be told, each of these alone."""
PAUSES = ("proposed", "refused", "active", "lifted", "over")
"""What may become of a proposal to keep somebody from reporting for a while."""
RESIDENCY: dict[str, tuple[Any, ...]] = {"state": ("approved", "refused", "pending")}
WITHOUT_STAND_IN = {
    "lines": tuple([{**LINE, "is_stand_in": False, "handler": name}] for name in ("刘强", ""))
}
VARIANTS |= {
    "figures": (NO_FIGURES,),
    "overdue": (0,),
    "buildings_led": ([], [{"building": "3号楼", "figures": NO_FIGURES}]),
    "sorted_by": ("leader", "category"),
    "counted": ([], [{**LINE, "building": "", "name": "", "figures": NO_FIGURES}]),
    "recurring": ([],),
    "buildings_shown": ([], [{"building": "", "filed": 3, "done": 0}]),
    "buildings_hidden": (0,),
}
MEANT_OTHERWISE: dict[str, dict[str, tuple[Any, ...]]] = {
    "absences.changed": WITHOUT_STAND_IN,
    "absences.declined": WITHOUT_STAND_IN,
    "absences.review": WITHOUT_STAND_IN,
    "activities.card": {"standing": ("cancelled",)},
    "activities.joined": {"standing": PARTIES[:3]},
    "activities.manage": {"standing": ("cancelled", "draft")},
    "activities.signup": {"standing": PARTIES, "until": (None,)},
    "activities.who": {
        "lines": (
            [],
            [{**LINE, "standing": standing} for standing in PARTIES],
            [{**LINE, "place": None, "host": "王奶奶"}],
        )
    },
    "labels.standing": {"standing": PARTIES[:4]},
    **{f"rates.{block}": {"whole": (0, 8), "percent": (None,)} for block in ("rate", "brief")},
    "card.history": {
        "lines": (
            [{**LINE, "was_urgency": "ordinary", "how": "danger", "action": "change_urgency"}],
            [{**LINE, "action": action, "how": "hotline", "by": by} for action in Action for by in BY],
            [{**LINE, "until": None, "text": ""}, {**LINE, "was": "灯坏了", "action": "correct"}],
        )
    },
    "issue.post_empty": {"place": (DOOR, BUILDING)},
    "join.asked": RESIDENCY,
    "residents.homes": {
        "lines": ([], [{**LINE, "is_main": True, "is_pending": True}, {**LINE, "asked_kind": "renter"}]),
    },
    "replies.defaults": {
        "occasion": tuple(occasion.value for occasion in OCCASIONS),
        "category": tuple(category.key for category in DEFAULT_CATEGORIES),
    },
    "threads.notes": {"lines": ([], [{**LINE, "name": ""}])},
    "replies.list": {"lines": ([], [{**LINE, "category": "", "is_of_all": True}])},
    "replies.one": {"category": ("",)},
    "residents.request": {
        "decided": ("approved", "refused", "ended"),
        "news": ("reminder", "escalated", "answered", "objected"),
        "talk": ([],),
    },
    "residents.what_to_answer": {"talk": ([],)},
    **{
        f"appointing.{screen}": {
            "lines": ([{**LINE, "holders": list(IN_POSTS), "rest": 3}, {**LINE, "entrance": ""}],)
        }
        for screen in ("compound", "building")
    },
    **{
        f"appointing.{block}": {"standing": PLANS}
        for block in ("asked", "proposed", "decided", "answered", "you_answered", "unanswered", "planned")
    },
    "appointing.review": {"standing": ("proposed", "asked")},
    "appointing.history": {"lines": (list(CHANGES), [])},
    "appointing.change": {
        name: tuple(dict.fromkeys(str(change[name]) for change in CHANGES))
        for name in ("source", "action", "what")
    },
    "refusals.plan_over": {"standing": PLANS},
    "refusals.restriction_decided": {"standing": PAUSES},
    **{f"restrictions.{block}": {"standing": PAUSES} for block in ("card", "answered", "ended")},
    "restrictions.list": {"lines": ([], [{**LINE, "standing": one, "has_appealed": True} for one in PAUSES])},
    "contact.card": {
        "lines": (
            [{**LINE, "is_deputy": True}, {**LINE, "is_away": True}],
            [{**LINE, "is_away": True, "stand_in": "赵小军"}, {**LINE, "name": ""}],
        )
    },
    "refusals.request_decided": RESIDENCY,
    "report.emergency": {"kind": EMERGENCIES},
    "privacy.home_standing": {"state": ("approved", "pending", "refused", "ended")},
    "privacy.issue_part": {"part": ("reported", "proxy", "follows")},
    "privacy.announcement_part": {"part": ("written", "read")},
    "privacy.group_part": {"part": ("leader", "member", "muted")},
    "privacy.change_part": {"part": ("about", "done")},
    "privacy.deed_by": {"who": ("me", "clock", "other")},
    "privacy.signup_standing": {"standing": PARTIES},
    "privacy.views": {"lines": ([], [{**LINE, "post": ""}])},
}
"""Where a name means something else."""


TRUTH = re.compile("is_|may_|needs_|has_")
"""Names of facts that are true or false: each is tried both ways without standing in the tables."""


def _facts(message: str) -> dict[str, Any]:
    """What a block asks for, in an ordinary case."""
    truths = {name: False for name in VARIABLES[message] if TRUTH.match(name)}
    return truths | {name: FACTS[name] for name in VARIABLES[message] & FACTS.keys()}


def _cases(message: str) -> Iterator[dict[str, Any]]:
    """The facts of one block in every case it knows."""
    wanted, asked, facts = VARIABLES[message], _asked(BLOCKS[DEFAULT_LOCALE][message]), _facts(message)
    variants = VARIANTS | MEANT_OTHERWISE.get(message, {})
    yield facts
    for name in sorted(wanted):
        for value in (True,) if TRUTH.match(name) else variants.get(name, ()):
            if value or name in asked:
                yield {**facts, name: value}
    if {"state", "closed_how"} <= wanted:
        for how in VARIANTS["closed_how"]:
            yield {**facts, "state": "closed", "closed_how": how}
    if {"state", "rating"} <= wanted:
        for rating in VARIANTS["rating"]:
            yield {**facts, "state": "closed", "rating": rating}
    if {"reachable", "handler_phone"} <= wanted:
        yield {**facts, "reachable": False, "handler_phone": ""}
    if {"days", "hours", "minutes"} <= wanted:
        yield {**facts, "days": 0, "hours": 0}
        yield {**facts, "days": 0, "hours": 0, "minutes": 0}


CASES = [(message, facts) for message in MESSAGES for facts in _cases(message)]


def test_every_branch_of_every_block_is_among_the_cases() -> None:
    """The table of cases knows every variable, and every word a template compares it with."""
    unknown = {name for name in set().union(*VARIABLES.values()) - FACTS.keys() if not TRUTH.match(name)}
    assert not unknown, "add them to FACTS, and to VARIANTS when a template chooses by them"
    for message in MESSAGES:
        seen = {str(value) for said, facts in CASES if said == message for value in _words(facts)}
        for compare in BLOCKS[DEFAULT_LOCALE][message].find_all(nodes.Compare):
            for asked in _words([constant.value for constant in compare.find_all(nodes.Const)]):
                assert str(asked) in seen or isinstance(asked, int), (message, asked)


def _words(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    else:
        yield value


UNTIDY = re.compile(
    r"[ \t]$|^ |  | \u3000|\n\n\n"
    r"|\bNone\b(?! of)|Undefined|[{}]"
    r"|（）|\(\)|「」|“”|（ | [,.;:!?，。：；）]"
    r"|[,，；;] ?[.。,，；;：:]|[。.][。.]|[：:] ?[。.,，]",
    re.MULTILINE,
)
"""Margins, gaps, empty brackets and doubled punctuation."""


@pytest.mark.parametrize("locale", LOCALES)
def test_every_block_reads_well_in_every_case(locale: str) -> None:
    """Valid for Telegram, not empty, tidy, and in one script with what it quotes."""
    for message, facts in CASES:
        html = TEXTS.render(locale, message, **facts)
        text, _ = formatted(html, "HTML", None)
        case = (message, text)
        if not message.startswith("places."):
            assert text, (message, facts)
            assert not UNTIDY.search(text), case
        assert text == text.strip(), case
        assert "&" not in text, case


# People and places are called by at most these many characters; see NAME_MOST and the register.
LONG = {
    "title": "群" * TITLE_MOST,
    "where": "电" * WHERE_MOST,
    "lender": "何" * 64,
    "text": "🔥" * 4000,
    "words": "🔥" * 4000,
    "handler": "赵" * 64,
    "reporter": "钱" * 64,
    "name": "孙" * 64,
    "by": "李" * 64,
    "told": "周" * 64,
    "said": "吴" * 40,
    "compound": "大" * 40,
    "building": "楼" * 30,
    "entrance": "门" * 20,
    "unit": "5" * 12,
    "duty": "事" * DUTY_MOST,
    "hours": "时" * HOURS_MOST,
    "phone": "1" * 20,
    "category": "public_facilities",
    "handler_post": "owners_committee_director",
    "post": "owners_committee_director",
}
LISTED_MOST = {
    "residents.homes": HOMES_MOST,
    "residents.requests": REQUESTS_MOST,
    "restrictions.list": PAUSES_MOST,
    "activities.list": ACTIVITIES_MOST,
    "activities.who": NAMED_MOST,
    "announcements.list": 10,
    "announcements.unread": BUILDINGS_MOST,
    "announcements.doors": UNITS_MOST // 2,
    "my.list": MINE_PAGE,
    "elders.my_list": MINE_PAGE,
    "elders.leader": 6,
    "elders.nobody": CONTACTS_MOST,
    "elders.numbers": FEW,
    "lists.work": PAGE,
    "lists.found": PAGE,
    "digest.morning": MORNING_MOST,
    "reminders.folded": 12,
    "explain.moment": 12,
    "card.history": HISTORY_MOST,
    "waiting.letter": LETTER_LINES,
    "threads.which": LIVE_MOST,
    "threads.notes": NOTES_SHOWN,
    "replies.list": READY_MOST,
    "contact.card": LINES_MOST,
    "appointing.compound": 7,
    "appointing.building": 13,
    "appointing.history": HISTORY_PAGE,
    "appointing.moved_for_you": MOVED_SHOWN,
    "appointing.ask_end": 8,
    "groups.list": GROUPS_MOST,
    "lending.list": LOANS_MOST,
    "absences.list": ABSENCES_MOST,
    "absences.passed_on": 10,
    "absences.asked_of_you": 10,
    "absences.begun": 10,
    "absences.changed": 10,
    "absences.declined": 10,
    "absences.review": 10,
    "absences.welcome_back": 10,
    "interest_groups.list": TEAMS_MOST,
    "interest_groups.members": MEMBERS_MOST,
    "privacy.views": VIEWS_MOST,
}


CARD_LISTS = {"prints", "places", "posts", "counted", "recurring", "buildings_shown", "buildings_led"}


def _replaced(value: Any, new: Mapping[str, object], key: str = "") -> Any:
    """The same facts with other words under these keys, however deep."""
    if isinstance(value, dict):
        return {inner: _replaced(each, new, inner) for inner, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, new) for each in value]
    return new[key] if key in new and isinstance(value, str) and value else value


@pytest.mark.parametrize("locale", LOCALES)
def test_no_message_outgrows_telegram(locale: str) -> None:
    """4096 UTF-16 units hold whatever people write, in every case, with as many lines as are ever shown."""
    for message, facts in CASES:
        lines = {"lines": (facts["lines"] * 30)[: LISTED_MOST[message]]} if "lines" in facts else {}
        lines |= {name: (facts[name] * 30)[:CARDS_MOST] for name in CARD_LISTS & facts.keys()}
        text, _ = formatted(TEXTS.render(locale, message, **_replaced(facts | lines, LONG)), "HTML", None)
        assert utf16_length(text) <= MOST, (message, utf16_length(text))


HOSTILE = "<b>&\"'</b> &lt;<a href='x'>王"
WRITTEN_BY_PEOPLE = (
    "text", "words", "handler", "reporter", "name", "said", "told", "error",
    "question", "helper", "referred_to", "external_reference", "rating_words",
    "compound", "building", "entrance", "unit", "duty", "phone", "handler_phone",
)  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_what_people_write_is_shown_as_they_wrote_it(locale: str) -> None:
    """Angle brackets, ampersands and quotes in names and texts are never markup."""
    found = set()
    for message in MESSAGES:
        facts = _facts(message)
        clean, marks = formatted(TEXTS.render(locale, message, **facts), "HTML", None)
        for key in WRITTEN_BY_PEOPLE:
            told = {str(value) for value in _under(facts, key)}
            attacked = _replaced(facts, {key: HOSTILE})
            text, marked = formatted(TEXTS.render(locale, message, **attacked), "HTML", None)
            shown = sum(clean.count(value) - text.count(value) for value in told if value)
            assert (text.count(HOSTILE) > 0) == (shown > 0), (message, key, text)
            assert [one["type"] for one in marked] == [one["type"] for one in marks], (message, key)
            found |= {key} if shown else set()
    # Empty in an ordinary case, these are seen by the stories about them.
    assert found >= set(WRITTEN_BY_PEOPLE) - {"handler_phone", "rating_words"}


def _under(value: object, wanted: str, key: str = "") -> Iterator[object]:
    if isinstance(value, dict):
        for inner, each in value.items():
            yield from _under(each, wanted, inner)
    elif isinstance(value, list):
        for each in value:
            yield from _under(each, wanted)
    elif key == wanted and isinstance(value, str):
        yield value


TOASTS = (
    "activities.joined",
    "appointing.confirmed",
    "appointing.phone_asked",
    "appointing.phone_set",
    "announcements.approved",
    "announcements.read",
    "announcements.recalled",
    "announcements.undone",
    "card.accepted",
    "lists.edge",
    "my.nudged",
    "waiting.resumed_toast",
    "join.decided",
    "interest_groups.joined",
    "interest_groups.left",
    *(name for name in MESSAGES if name.startswith("refusals.")),
)


@pytest.mark.parametrize("locale", LOCALES)
def test_what_answers_a_press_fits_above_the_chat(locale: str) -> None:
    """A toast has 200 characters, names of twenty included: https://core.telegram.org/bots/api#answercallbackquery"""
    names = {"handler": "欧阳" * 10, "by": "欧阳" * 10, "name": "欧阳" * 10, "said": "吴" * 40}
    for message, facts in CASES:
        if message in TOASTS:
            text = plain(TEXTS.render(locale, message, **_replaced(facts, names)))
            assert utf16_length(text) <= TOAST_MOST, (message, text)


@pytest.mark.parametrize("locale", LOCALES)
def test_buttons_and_commands_have_plain_short_words(locale: str) -> None:
    """A label shows no markup and fits a phone; a command's description has 1–256 characters."""
    for message, facts in CASES:
        if message.startswith("labels."):
            label = TEXTS.label(locale, message.removeprefix("labels."), **facts)
            assert 1 <= len(label) <= 32, (message, label)
            assert not re.search(r"[<>\n]|&\w+;", label), (message, label)
    label = TEXTS.label(locale, "use_name", name="<O'Neill & 王>")
    assert "<O'Neill & 王>" in label
    for name in HOLDER:
        assert re.fullmatch("[a-z0-9_]{1,32}", name)
        assert 1 <= len(TEXTS.label(locale, f"command_{name}")) <= 256


def test_the_words_on_the_keyboard_mean_one_thing() -> None:
    """Typed or tapped in any language, a word of the menu leads to one command."""
    words = [(TEXTS.label(locale, f"menu_{name}"), name) for locale in LOCALES for name in MENU]
    assert len({word for word, _ in words}) == len(set(words))


# Who uses them -----------------------------------------------------------------------------------------

SOURCES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(BOT.rglob("*.py"))}
SAYING = {
    *("say", "tell", "tell_about", "tell_reporter", "render", "put_question", "finish", "toast"),
    *("hand_over", "tell_operator", "_tell_reporter", "_tell_handler", "say_in_place"),
}
SHORT = {message.replace(".", "_"): message for message in MESSAGES}
"""What the short form of each message is called, if it has one."""
COMPOSED = {
    "categories": {category.key for category in DEFAULT_CATEGORIES},
    "deeds": {"file", *(action.value for action in Action)},
    "labels": {
        *(f"menu_{name}" for name in MENU),
        *("word_big", *(f"big_{name}" for name in BIG_MENU)),
        *(f"command_{name}" for name in HOLDER),
        *(f"locale_{locale}" for locale in LOCALES),
        *(f"card_{form}" for form in FORMATS),
        *(f"hangs_{place}" for place in HANGING),
        *("kind_owner", "kind_renter", "kind_family"),
        *("reason_not_here", "reason_unclear", "reason_moved", "reason_mistaken"),
        *("by_phone", "by_visit", "by_paper", "asked_by_phone", "asked_by_visit"),
        *("satisfied", "fair", "dissatisfied"),
        *("shown_neighbours", "shown_leader", "shown_committee"),
        *("channels_both", "channels_groups", "channels_private"),
        *(f"office_{office}" for office in OUTSIDE),
        *(f"stats_{way}" for way in WAYS),
        *("work_mine", *(f"work_{name}" for name in FILTERS)),
        *("until_tomorrow", "until_workdays", "until_week"),
        *("change_urgency", "ask_help", "refer_elsewhere", "decline", "photos", "reject", "duplicate"),
        *("why_me", "why_them", "outward", "history", "notes", "note_down"),
    },
    "activities": {"changed", "cancelled"},
    "rates": {
        block.removeprefix("rates.")
        for block in MESSAGES
        if re.match(r"rates\.(name|hint|count|by|picture|sheet|spot|common)", block)
    },
    "contact_cards": {"title", "slogan", "scan", "scan_hint", "vacant", "unlisted", "emergency"},
    "elders": {short for short in SHORT if f"elders.{short}" in MESSAGES},
    "festivals": {festival.value for festival in Festival},
    "interest_groups": {"found_done", "hand_over_done"},
    "places": {"unit", "entrance", "building", "common_area", "compound"},
    "posts": {kind.value for kind in PostKind},
    "reminders": {
        *("reminder", "overdue", "escalation", "outward", "late", "passed_around"),
        *("overdue_again", "escalation_again", "outward_again"),
    },
    "urgencies": {urgency.value for urgency in Urgency},
    "waiting": {"named", *TOLD},
    "residents": {"approved", "refused"},
    "sheets": {
        *(reason.value for reason in Reason),
        *(f"column_{column}" for column in COLUMNS),
        *(f"sheet_{sheet}" for sheet in ("people", *SHEETS, *IGNORED_SHEETS)),
        *(
            f"head_{column}"
            for layout in BESIDE.values()
            for column in layout.split()
            if column not in COLUMNS
        ),
        *(f"heading_{part}" for part in ("sheet", "line", "column")),
        *(f"count_{part}" for part in ("created", "changed", "unchanged", "appointments", "unlisted")),
        *("reading", "checking", "writing", "further", "nothing", "stopped", "dry_run", "done"),
        *(f"urgency_{urgency.value}" for urgency in Urgency),
        *(f"resolution_{resolution.value}" for resolution in Resolution),
        *(f"rating_{rating}" for rating in RATINGS),
        *(f"place_{place}" for place in AT),
        *(f"activity_{state}" for state in ("draft", "open", "cancelled")),
    },
    "say": {
        *("reply", "decline", "resolve", "dispute", "reopen", "reject"),
        *("request_info", "note_reference", "rate_words"),
    },
    "states": {state.value for state in State},
}
"""Blocks whose names the code puts together, by topic."""


def _calls(names: set[str]) -> Iterator[ast.Call]:
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if called in names:
                    yield node


def _constants(node: ast.AST | None) -> Iterator[str]:
    """The string a node is, or those it chooses between."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def _assigned(variable: str) -> set[str]:
    """What is put into every variable of this name."""
    assigned = [node for tree in SOURCES.values() for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    return {
        text
        for node in assigned
        if any(isinstance(target, ast.Name) and target.id == variable for target in node.targets)
        for text in _constants(node.value)
    }


def _said() -> set[str]:
    """Every message the code names outright."""
    named = {text for call in _calls(SAYING) for argument in call.args for text in _constants(argument)}
    return {name for name in named | _assigned("message") if re.fullmatch(r"[a-z_]+\.[a-z_]+", name)}


def _refused() -> set[str]:
    calls = _calls({"Refused", "NotUnderstood"})
    return {
        f"refusals.{reason}" for call in calls for reason in _constants(call.args[0] if call.args else None)
    }


def _labelled() -> set[str]:
    """Every label: the first word of a choice, the second of Texts.label(locale, name)."""
    named = {text for call in _calls({"choice", "pick"}) for text in _constants(call.args[0])}
    named |= {text for call in _calls({"label"}) for word in call.args[1:2] for text in _constants(word)}
    return {f"labels.{name}" for name in named | _assigned("label") if name}


def _composed() -> set[str]:
    return {f"{topic}.{name}" for topic, names in COMPOSED.items() for name in names}


def test_whatever_the_code_says_is_written() -> None:
    """Every message, refusal and label named in the code exists."""
    said = _said()
    assert {"report.filed", "lists.work", "issue.accepted", "operator.letter_buried"} <= said
    missing = (said | _refused() | _labelled() | _composed()) - set(MESSAGES)
    assert not missing


def test_whatever_is_written_is_said() -> None:
    """A block nobody uses is a sentence nobody keeps true."""
    strings = {
        node.value for tree in SOURCES.values() for node in ast.walk(tree) if isinstance(node, ast.Constant)
    }
    idle = set(MESSAGES) - strings - _refused() - _labelled() - _composed()
    assert not idle


def test_names_put_together_are_all_in_the_table() -> None:
    """A new topic whose blocks are chosen by a variable must be listed in COMPOSED."""
    topics = {
        str(node.values[0].value).partition(".")[0]
        for call in _calls(SAYING)
        for argument in call.args
        for node in [argument]
        if isinstance(node, ast.JoinedStr)
        and isinstance(node.values[0], ast.Constant)
        and "." in str(node.values[0].value)
    }
    assert topics - {"refusals"} <= COMPOSED.keys()


def test_a_short_form_says_nothing_else() -> None:
    """In simple mode the same is said in fewer words: of the same facts, and never in more lines."""
    forms = [(f"elders.{form}", message) for form, message in SHORT.items() if form in COMPOSED["elders"]]
    assert len(forms) > 15
    for form, message in forms:
        assert VARIABLES[form] <= VARIABLES[message], message
        for locale in LOCALES:
            facts = _facts(message)
            brief, whole = (plain(TEXTS.render(locale, name, **facts)) for name in (form, message))
            assert len(brief) <= len(whole), (message, brief)
            assert brief.count("\n") < 5, brief


NOT_FOR_RESIDENTS = {
    "sandbox": "its own page and its invented people",
    "demo": "an invented compound's people",
    "cli": "the operator's console",
    "spreadsheets/marking.py": "the operator's console: a file that cannot be written",
    "spreadsheets/reading.py": "the operator's console: a file that cannot be read",
    "actions/directory.py": "the operator's console: a place or post that cannot be",
    "samples.py": "an invented compound",
    "domain/addresses.py": "how people write addresses",
    "domain/elders.py": "how people write a number",
    "domain/folding.py": "how signs are folded",
    "domain/vocabulary.py": "how people name what is wrong",
    "domain/categories.py": "how people name what is wrong",
    "domain/register.py": "how people say that a post is vacant, and call a building",
    "domain/sheets.py": "how people head the columns of a sheet",
    "domain/household_sheets.py": "how property offices keep their sheets",
    "domain/audiences.py": "how people say who is meant",
    "domain/company.py": "how people say who comes along",
    "domain/absences.py": "how people say for how long",
    "domain/alike.py": "how people write buildings and doors",
    "domain/dates.py": "how people say when; the names of days",
    "domain/recurrences.py": "how people say how often",
    "domain/overhearing.py": "how neighbours talk among themselves",
}
"""Where Chinese may stand in the code, and why."""


def test_no_sentence_stands_in_the_code() -> None:
    """Whatever a person reads is in the templates: no Chinese in a string of the bot but for docstrings."""
    for path, tree in SOURCES.items():
        name = path.relative_to(BOT).as_posix()
        if any(name == exempt or name.startswith(f"{exempt}/") for exempt in NOT_FOR_RESIDENTS):
            continue
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                assert not IDEOGRAPH.search(node.value), (name, node.lineno, node.value)


# The machine behind ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "language", "locale"),
    [
        ("en", "zh-hans", "en"),
        ("zh_TW", None, "zh_TW"),
        ("fr", "en", "en"),
        (None, "zh", "zh_CN"),
        (None, "zh-hans", "zh_CN"),
        (None, "zh-Hans-HK", "zh_CN"),
        (None, "zh-hant", "zh_TW"),
        (None, "zh-TW", "zh_TW"),
        (None, "zh_HK", "zh_TW"),
        (None, "zh-mo", "zh_TW"),
        (None, "zh-SG", "zh_CN"),
        (None, "en", "en"),
        (None, "en-GB", "en"),
        (None, "fr", "zh_CN"),
        (None, "", "zh_CN"),
        (None, None, "zh_CN"),
    ],
)
def test_a_person_reads_their_own_language(chosen: str | None, language: str | None, locale: str) -> None:
    """First what they chose, then what their phone speaks, then the default."""
    assert locale_for(chosen, language) == locale


def test_the_operator_decides_what_strangers_read() -> None:
    """The default of the deployment is for languages that have no texts."""
    assert locale_for(None, "fr", "en") == "en"
    assert locale_for(None, "zh-hans", "en") == "zh_CN"


@pytest.mark.parametrize(
    ("locale", "local"),
    [("zh_CN", "11月24日（周二）10:05"), ("zh_TW", "11月24日（週二）10:05"), ("en", "Tue 24 Nov, 10:05")],
)
def test_an_instant_is_told_in_the_time_of_the_compound(locale: str, local: str) -> None:
    """Instants are UTC; people read their own day and hour."""
    assert local in TEXTS.render(locale, "my.issue", **{**FACTS, "nudged_at": NOW})
    assert "18:00" in TEXTS.render(
        locale, "my.issue", **{**FACTS, "nudged_at": datetime(2026, 3, 1, 10, tzinfo=UTC)}
    )
    night = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    told = TEXTS.render(locale, "my.issue", **{**FACTS, "nudged_at": night})
    assert ("Fri 1 Jan, 00:30" if locale == "en" else "1月1日") in told


@pytest.mark.parametrize(
    ("span", "chinese", "english"),
    [
        (timedelta(), "0 分钟", "0 minutes"),
        (timedelta(seconds=-5), "0 分钟", "0 minutes"),
        (timedelta(minutes=1), "1 分钟", "1 minute"),
        (timedelta(minutes=59, seconds=40), "1 小时", "1 hour"),
        (timedelta(hours=2, minutes=5), "2 小时 5 分钟", "2 hours 5 minutes"),
        (timedelta(hours=5, minutes=5), "5 小时", "5 hours"),
        (timedelta(days=1), "1 天", "1 day"),
        (timedelta(days=2, hours=1, minutes=9), "2 天 1 小时", "2 days 1 hour"),
        (timedelta(days=12, hours=7), "12 天", "12 days"),
    ],
)
def test_a_span_is_told_as_roughly_as_people_do(span: timedelta, chinese: str, english: str) -> None:
    """Minutes matter within hours, hours within days."""
    facts = {**FACTS, "open_for": span}
    assert f"，已 {chinese}，" in TEXTS.render("zh_CN", "reminders.outward", **facts)
    assert f"open for {english}," in TEXTS.render("en", "reminders.outward", **facts)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("unit", "3号楼2单元 502"),
        ("entrance", "3号楼2单元"),
        ("building", "3号楼"),
        ("common_area", "绿洲路126号大院公共区域"),
        ("compound", "绿洲路126号大院"),
    ],
)
def test_a_place_is_named_as_exactly_as_it_is_known(kind: str, named: str) -> None:
    """C8: the place is exactly one of five kinds."""
    told = TEXTS.render("zh_CN", "join.kind", place={**PLACE, "kind": kind})
    assert told.splitlines()[0] == f"<b>{named}</b>"


@pytest.mark.parametrize(
    ("text", "most", "cut"),
    [
        ("楼道灯坏了", 5, "楼道灯坏了"),
        ("楼道灯坏了", 4, "楼道灯…"),
        ("lamp is out", 6, "lamp…"),
        ("🔥🔥🔥", 6, "🔥🔥🔥"),
        ("🔥🔥🔥", 5, "🔥🔥…"),
        ("🔥🔥🔥", 4, "🔥…"),
        ("", 3, ""),
        ("\ud83d", 1, "\ud83d"),
    ],
)
def test_a_long_text_is_cut_as_telegram_counts(text: str, most: int, cut: str) -> None:
    """UTF-16 units with the ellipsis; half an emoji is none."""
    assert short(text, most) == cut


def test_a_missing_fact_is_an_error_and_not_a_gap() -> None:
    """Nobody is sent a sentence with a hole in it."""
    with pytest.raises(UndefinedError):
        TEXTS.render("zh_CN", "my.nudged")


def test_the_templates_are_where_the_app_looks() -> None:
    """One folder for each locale, nothing else."""
    assert sorted(path.name for path in TEMPLATES.iterdir()) == sorted(LOCALES)


@pytest.mark.parametrize("text", ["", "好", "好" * 11, "🔥" * 11, "a🔥" * 7, "👨‍👩‍👧" * 5])
def test_pieces_lose_nothing(text: str) -> None:
    """Joined they are the text; each is as long as it may be, and none is longer."""
    found = pieces(text, 5)
    assert "".join(found) == text
    assert all(utf16_length(piece) <= 5 for piece in found)
    assert all(utf16_length(piece) >= 4 for piece in found[:-1])


def test_midnight_is_the_end_of_a_day() -> None:
    """A term that ends with Monday is due on Monday at 24:00, not on Tuesday at 00:00."""
    midnight = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    facts = {"number": "1", "handler_post": "building_leader", "handler": "刘强", "timezone": TIMEZONE}
    said = TEXTS.render("zh_CN", "issue.accepted", **{**FACTS, **facts, "resolve_due": midnight})
    assert "11月30日（周一）24:00" in said
