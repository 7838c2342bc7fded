"""Ready words (L9): offered where words are asked for, one's own first, and kept under /replies."""

from bot.domain.posts import PostKind
from tests.world import Phone, World


async def keep(phone: Phone, occasion: str, category: str, words: str, scope: str = "自己用") -> None:
    """Add ready words."""
    await phone.sends("/replies")
    await phone.presses(scope, occasion, category)
    await phone.sends(words)


async def test_a_tap_says_it(leader: Phone, resident: Phone, world: World) -> None:
    """Words that come along are put in with a tap, shown, and sent with another; restarts do not matter."""
    await resident.reports()
    await leader.presses("接单", "回复", "灯管已经买了")
    assert "灯管已经买了，这两天就换" in leader.last_message
    assert not resident.sees("灯管已经买了")
    await world.restart()
    await leader.presses("提交")
    assert "灯管已经买了，这两天就换" in resident.last_message


async def test_written_instead(leader: Phone, resident: Phone) -> None:
    """What is written after the tap replaces the ready words; what is written at once needs no tap."""
    await resident.reports()
    await leader.presses("接单", "回复", "灯管已经买了")
    await leader.sends("明天下午三点来换")
    assert "灯管已经买了" not in leader.last_message
    await leader.presses("提交")
    assert "明天下午三点来换" in resident.last_message
    await leader.presses("回复")
    await leader.sends("3")
    assert resident.last_message.endswith("3")


async def test_one_own_words_come_first(leader: Phone, resident: Phone, world: World) -> None:
    """At most four: one's own, used last first, the compound's, then what comes along; blanks are filled."""
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    await keep(secretary, "回复", "所有类别", "小区感谢您", "全小区用")
    await keep(leader, "回复", "照明", "[编号]【地点】{date}换<灯>")
    await keep(leader, "回复", "电梯", "电梯的话")
    await keep(leader, "办结", "所有类别", "办结的话")
    world.clock.now = world.clock.now.replace(minute=5)
    await keep(leader, "回复", "所有类别", "谢谢您告诉我")
    await resident.reports()
    await leader.presses("接单", "回复")
    assert [label[:5] for label in leader.buttons[:4]] == ["谢谢您告诉", "26112", "小区感谢您", "灯管已经买"]
    world.clock.now = world.clock.now.replace(minute=9)
    await leader.presses("26112", "提交")
    assert "261124-0013号楼2单元11月24日（周二）换<灯>" in resident.last_message.replace("\n", "")
    await leader.presses("回复")
    assert leader.buttons[0].startswith("26112")


async def test_every_occasion_offers(leader: Phone, resident: Phone, world: World) -> None:
    """Asking back, referring and resolving have ready words too; a needed photo is still asked for."""
    await resident.reports()
    await leader.presses("接单", "需补充", "请问具体在几楼")
    await leader.presses("提交")
    assert resident.sees("请问具体在几楼")
    await resident.presses("回答")
    assert not any("请问" in label or "灯" in label for label in resident.buttons)
    await resident.sends("四楼")
    await leader.presses("转外部", "物业", "这件事要由外单位来办")
    await leader.presses(leader.buttons[0])
    assert (await world.history())[-1].text == "这件事要由外单位来办，我们会盯着进度。"
    await leader.presses("办结", "灯换好了")
    assert "还差一张" in leader.last_message
    await leader.sends_photo("")
    await leader.presses("提交办结")
    assert resident.sees("灯换好了，请您看看")


async def test_they_are_kept(leader: Phone, world: World) -> None:
    """Added, shown, changed, deleted; too long or empty is asked for again; twenty are enough."""
    await leader.sends("/replies")
    assert "还没有自己的模板" in leader.last_message
    assert "全小区用" not in "".join(leader.buttons)
    await leader.presses("自己用")
    await leader.sends("乱写")
    await leader.presses("回复", "照明")
    await leader.sends("长" * 301)
    assert leader.sees("请缩到 300 字以内")
    await leader.sends_photo("照片")
    await leader.sends("我<b>马上</b>来")
    assert "我<b>马上</b>来" in leader.last_message
    await leader.presses("我<b>马上", "改内容")
    await leader.sends("我马上就来")
    assert [row["text"] for row in await world.rows("SELECT text FROM reply_templates")] == ["我马上就来"]
    await leader.presses("我马上就来", "删掉")
    assert "还没有自己的模板" in leader.last_message
    for number in range(21):
        await keep(leader, "回复", "所有类别", f"第{number}条")
    assert leader.sees("已经有 20 条了")
    await leader.sends("/replies")
    await leader.presses("下一页", "下一页")
    assert "第19条" in leader.last_message


async def test_nobody_touches_anothers(leader: Phone, resident: Phone, world: World) -> None:
    """Forged buttons, another's words, the compound's without the right, residents: nothing changes."""
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await keep(leader, "回复", "所有类别", "我自己的话")
    await keep(secretary, "回复", "所有类别", "全小区的话", "全小区用")
    before = await world.contents("dialogs", "cards", "floods")
    for verb in ("drop:1", "edit:1", "show:1", "drop:2", "edit:2", "show:99", "drop:x", "list:x"):
        await deputy.forges(f"ready.{verb}")
    for scope in ("1:all", "9:own", "1:x"):
        await deputy.forges(f"ready.new:{scope}")
    await deputy.sends("/replies")
    assert "全小区的话" in deputy.last_message
    assert "我自己的话" not in deputy.last_message
    await deputy.presses("全小区的话")
    assert "删掉" not in "".join(deputy.buttons)
    await resident.sends("/replies")
    assert "任职的人用" in resident.last_message
    for data in ("ready.show:2", "ready.new:1:own", "ready.list:0"):
        await resident.forges(data)
    assert await world.contents("dialogs", "cards", "floods") == before
    await resident.reports()
    await leader.presses("接单", "回复")
    await leader.forges_answer("ready", 7)
    await leader.forges_answer("ready", "x")
    assert not [event for event in await world.history() if event.action == "reply"]
