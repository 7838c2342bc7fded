"""Writes an invented register of a large compound, to try things out at full size."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
)
_GIVEN_NAMES = (
    "秀英 桂兰 淑珍 玉梅 建国 建华 国强 志明 德福 永贵 春梅 小红 丽娟 晓东 文军 海燕 雪梅 光明 长安 素琴 "
    "云 敏 静 伟 勇 军 涛 芳 燕 刚"
)
_OF_THE_COMPOUND = (
    ("branch_secretary", "支部工作、小区重大事项", "周一至周五 9:00–17:00"),
    ("owners_committee_director", "业主权益、维修资金、公共收益", "周二、周四 19:00–21:00"),
    *[("self_management_committee", "停车、卫生、门卫等日常自治", "每天 19:00–21:00")] * 5,
    ("property_manager", "保洁、门卫、电梯、公共设施维修", "每天 8:30–18:00"),
    ("grid_officer", "社区事务、政策咨询", "周一至周五 9:00–17:00"),
)
_BUILDINGS = range(1, 28)
_ENTRANCES = (1, 2)
_WITHOUT_LEADER = (11, 23)


def write_large(directory: Path, seed: int = 2) -> None:
    """Write 汉都华府二期 as six csv files: 27 buildings, 54 entrances, 2,388 units with a household in each.

    Most posts are filled. The same seed gives the same files; names and phones (1390000xxxx in posts,
    1380000xxxx at home) are invented. Creates the folder; raises OSError when it cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    random = Random(seed)  # noqa: S311  # names, not secrets
    doors = [(f"{building}号楼", f"{entrance}单元") for building in _BUILDINGS for entrance in _ENTRANCES]
    compound = ("handu-2", "汉都华府二期", "Asia/Shanghai", "zh_CN")
    _write(directory / "compounds.csv", ("code", "name", "timezone", "locale"), [compound])
    _write(directory / "buildings.csv", ("building",), [(f"{building}号楼",) for building in _BUILDINGS])
    _write(directory / "entrances.csv", ("building", "entrance"), doors)
    units = list(_units(random))
    _write(directory / "units.csv", ("building", "entrance", "unit", "area_m2"), units)
    columns = ("post", "building", "entrance", "name", "phone", "duty", "hours", "phone_shown")
    _write(directory / "posts.csv", columns, _posts(random))
    people = ("building", "entrance", "unit", "name", "phone", "kind")
    _write(directory / "residents.csv", people, _residents(random, [unit[:3] for unit in units]))


def _units(random: Random) -> Iterator[tuple[object, ...]]:
    """Fifteen buildings of 11 floors with two units a floor and entrance, twelve of 18 with four."""
    for building in _BUILDINGS:
        floors, each = (11, 2) if building <= 15 else (18, 4)
        areas = [random.randint(68, 143) for _ in range(each)]
        for entrance in _ENTRANCES:
            for floor in range(1, floors + 1):
                for position, area in enumerate(areas, start=1):
                    yield f"{building}号楼", f"{entrance}单元", f"{floor}{position:02}", area


def _residents(random: Random, units: Iterable[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    """An owner or a renter in each unit, and in every third one somebody of the family."""
    given_names = _GIVEN_NAMES.split()
    for number, unit in enumerate(units):
        surname = random.choice(_SURNAMES)
        kind = "renter" if random.random() < 0.2 else "owner"
        yield *unit, surname + random.choice(given_names), f"1380000{number:04}", kind
        if number % 3 == 0:
            yield *unit, surname + random.choice(given_names), "", "family"


def _posts(random: Random) -> Iterator[tuple[object, ...]]:
    """The compound's posts, and in each building a leader (two have none), deputies and entrance leaders."""
    given_names = _GIVEN_NAMES.split()
    phones = iter(random.sample(range(10_000), 10_000))

    def person() -> tuple[str, str]:
        return random.choice(_SURNAMES) + random.choice(given_names), f"1390000{next(phones):04}"

    for post, duty, hours in _OF_THE_COMPOUND:
        yield post, "", "", *person(), duty, hours, "yes"
    for number in _BUILDINGS:
        building = f"{number}号楼"
        leader = ("", "") if number in _WITHOUT_LEADER else person()
        yield "building_leader", building, "", *leader, "本楼住户的诉求和通知", "每天 8:00–21:00", "yes"
        if number % 3 == 0:
            yield "deputy_leader", building, "", *person(), "楼栋长不在时代办", "", "yes"
        yield "party_group_leader", building, "", *person(), "联系本楼党员、帮助困难住户", "", "yes"
        for entrance in _ENTRANCES:
            if random.random() < 0.7:
                yield "entrance_leader", building, f"{entrance}单元", *person(), "本单元楼道和通知", "", "no"


def _write(path: Path, header: Iterable[str], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
