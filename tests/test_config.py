"""Configuration: precedence, defaults, and one clear sentence for every mistake."""

import traceback
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.config import Settings, load
from bot.domain.calendar import EVERYBODY, OwnDays
from bot.domain.categories import DEFAULT_CATEGORIES, Urgency
from bot.domain.clocks import DEFAULT_TERMS, Clock, QuietHours, Terms
from bot.domain.errors import OperatorError
from bot.domain.ladder import DEFAULT as DEFAULT_LADDER
from bot.domain.ladder import Ladder

SECRET = "123456789:AAF-abcdefghijklmnopqrstuvwxyz_12345"
EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with nothing but a token."""
    path = tmp_path / "config.toml"
    path.write_text(f'telegram.token = "{SECRET}"\n', encoding="utf-8")
    return path


def add(path: Path, toml: str) -> Path:
    """Write more settings into the file."""
    path.write_text(path.read_text(encoding="utf-8") + toml, encoding="utf-8")
    return path


def refused(path: Path | None, environ: dict[str, str] | None = None) -> str:
    """The sentence for the operator, which never holds the token."""
    with pytest.raises(OperatorError) as caught:
        load(path, environ or {})
    sentence = str(caught.value)
    assert SECRET not in sentence
    assert "\n" not in sentence
    # A stack trace would show what this error came from.
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return sentence.removeprefix(f"{path}: ")


class TestDefaults:
    """A token is all it takes."""

    def test_a_token_is_enough(self, file: Path) -> None:
        """Everything else has a default, and the rules are those of the domain."""
        settings = load(file, {})

        assert settings.telegram.token.get_secret_value() == SECRET
        assert settings.telegram.base_url == "https://api.telegram.org"
        assert settings.database.sqlite_path == "var/lianxin.db"
        assert settings.operator.chat is None
        assert settings.texts.default_locale == "zh_CN"
        assert settings.jobs.tick_seconds == 5
        assert settings.terms() == DEFAULT_TERMS
        assert settings.ladder.ladder() == DEFAULT_LADDER
        assert settings.all_categories() == DEFAULT_CATEGORIES
        assert settings.emergency_numbers == ()

    def test_the_example_shows_the_defaults(self, tmp_path: Path) -> None:
        """Every default commented out in the example is the default, and every key in it exists."""
        lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
        uncommented = tmp_path / "config.toml"
        settings = [
            line.removeprefix("# ")
            for line in lines
            if line.startswith(("[", "# ")) and ("[" in line or " = " in line) and "postgresql" not in line
        ]
        uncommented.write_text("\n".join(settings), encoding="utf-8")
        example = load(uncommented, {"BOT_TELEGRAM__TOKEN": SECRET})
        usual = load(None, {"BOT_TELEGRAM__TOKEN": SECRET})

        changed = {"operator", "calendar", "categories", "clocks", "emergency_numbers", "backup"}
        assert example.model_dump(exclude=changed) == usual.model_dump(exclude=changed)
        assert example.terms() == usual.terms()
        assert example.operator.chat == "-1001234567890"
        assert example.own_days()["luzhou-126"].off == {date(2026, 11, 20)}
        assert example.backup.directory == Path("/srv/backups/lianxin")
        assert (example.backup.every, example.backup.keep) == (usual.backup.every, usual.backup.keep)
        assert [number.number for number in example.emergency_numbers] == ["0835-2222222"]

    def test_the_token_is_never_shown(self, file: Path) -> None:
        """Neither as text nor as a representation, nor a database's password."""
        settings = load(file, {"BOT_DATABASE__URL": "postgresql://bot:hunter2@db/lianxin"})

        assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"
        assert "hunter2" not in repr(settings)


class TestPrecedence:
    """The environment wins over the file."""

    def test_the_environment_wins(self, file: Path) -> None:
        """One key of a section may come from each."""
        add(file, "[pace]\noverall_per_second = 20\nchat_burst = 2\n")

        settings = load(file, {"BOT_PACE__CHAT_BURST": "5", "BOT_TELEGRAM__TOKEN": "7:other"})

        assert (settings.pace.overall_per_second, settings.pace.chat_burst) == (20, 5)
        assert settings.telegram.token.get_secret_value() == "7:other"

    def test_the_environment_alone(self) -> None:
        """Without a file; lists are JSON, empty variables count as not set, others are none of ours."""
        settings = load(
            None,
            {
                "BOT_TELEGRAM__TOKEN": SECRET,
                "BOT_LADDER__REMINDERS": "[30, 60]",
                "BOT_LOG__JSON": "true",
                "BOT_OPERATOR__CHAT": "",
                "BOT_NAME": "somebody else's",
                "HOME": "/",
            },
        )

        assert settings.ladder.ladder() == Ladder(reminders=(30, 60))
        assert settings.log.as_json
        assert settings.operator.chat is None

    def test_the_process_environment_is_not_read_behind_our_back(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only what is passed in counts, also for settings made directly."""
        monkeypatch.setenv("BOT_PACE__CHAT_BURST", "9")

        assert load(file, {}).pace.chat_burst == 3
        assert Settings().pace.chat_burst == 3


class TestRules:
    """Settings as the rules they stand for."""

    def test_terms(self, file: Path) -> None:
        """What is not named keeps its usual time and clock."""
        add(file, '[clocks]\ncomplex = { resolve = "30d" }\ndanger = { accept = "15m", resolve = "1h" }\n')

        terms = load(file, {}).terms()

        assert terms["complex"] == Terms(timedelta(hours=48), timedelta(days=30), Clock.WORKDAYS)
        assert terms["danger"] == Terms(timedelta(minutes=15), timedelta(hours=1), Clock.ALWAYS)
        assert terms["utility"] == DEFAULT_TERMS["utility"]

    def test_categories(self, file: Path) -> None:
        """One setting of one category changes, the rest stays."""
        add(file, '[categories.lift]\nurgency = "utility"\n')

        changed = {category.key: category.urgency for category in load(file, {}).all_categories()}

        assert changed.pop("lift") == Urgency.UTILITY
        assert changed.items() <= {category.key: category.urgency for category in DEFAULT_CATEGORIES}.items()

    def test_days_of_ones_own(self, file: Path) -> None:
        """For everybody and for one compound, as texts or as TOML's own days, or from the environment."""
        add(file, "[calendar]\noff = [2026-11-20]\n[calendar.luzhou-126]\nwork = ['2026-11-20']\n")

        assert load(file, {}).own_days() == {
            EVERYBODY: OwnDays(off=frozenset({date(2026, 11, 20)})),
            "luzhou-126": OwnDays(work=frozenset({date(2026, 11, 20)})),
        }
        given = {"BOT_CALENDAR__OFF": '["2026-11-23"]', "BOT_TELEGRAM__TOKEN": SECRET}
        assert load(None, given).own_days()[EVERYBODY].off == {date(2026, 11, 23)}

    def test_a_category_from_the_environment(self) -> None:
        """Truth and lists are written there as JSON."""
        own = {"BOT_CATEGORIES__PETS__HIDDEN": "true", "BOT_CATEGORIES__LIFT__WORDS": '["升降机"]'}
        found = {one.key: one for one in load(None, {"BOT_TELEGRAM__TOKEN": SECRET, **own}).all_categories()}

        assert found["pets"].hidden
        assert found["lift"].words == ("升降机",)

    @pytest.mark.parametrize("start", ['"22:30"', "22:30:00", '"22:30"  # with a comment'])
    def test_quiet_hours(self, file: Path, start: str) -> None:
        """As a text or as TOML's own time."""
        add(file, f'[quiet_hours]\nstart = {start}\nend = "7:05"\n')
        zone = ZoneInfo("Asia/Shanghai")

        assert load(file, {}).quiet_hours.at(zone) == QuietHours(
            start=time(22, 30), end=time(7, 5), timezone=zone
        )

    @pytest.mark.parametrize(
        ("url", "path"),
        [
            ("sqlite:///var/lianxin.db", "var/lianxin.db"),
            ("sqlite:////srv/lianxin.db", "/srv/lianxin.db"),
            ("postgresql://lianxin@localhost/lianxin", None),
            ("postgresql:///lianxin?host=/run/postgresql", None),
        ],
    )
    def test_databases(self, file: Path, url: str, path: str | None) -> None:
        """A file, relative or absolute, or a server."""
        assert load(file, {"BOT_DATABASE__URL": url}).database.sqlite_path == path

    def test_a_server_of_ones_own(self, file: Path) -> None:
        """A slash at the end makes no difference."""
        settings = load(file, {"BOT_TELEGRAM__BASE_URL": "http://127.0.0.1:8081/"})

        assert settings.telegram.base_url == "http://127.0.0.1:8081"

    def test_a_chat_may_be_a_number(self, file: Path) -> None:
        """Telegram shows chats as numbers, so people write them without quotes."""
        assert load(add(file, "operator.chat = -100123\n"), {}).operator.chat == "-100123"


MISTAKES = [
    ("[telegrm]\n", "telegrm: there is no such setting; did you mean telegram?"),
    ('token = "1:a"\n', "token: there is no such setting; did you mean telegram.token?"),
    ("[pace]\nchat_brust = 1\n", "pace.chat_brust: there is no such setting; did you mean pace.chat_burst?"),
    ("[xyzzy]\n", "xyzzy: there is no such setting; config.example.toml shows them all"),
    ("[clocks.danger]\nagree = 1\n", "clocks.danger.agree: there is no such setting; config.example"),
    ("[log]\nas_json = true\n", "log.as_json: there is no such setting; did you mean log.json?"),
    ("jobs = 5\n", "jobs: this is a table, written as [jobs]"),
    ('[jobs]\ntick_seconds = "often"\n', "jobs.tick_seconds: it must be a valid number, not 'often'"),
    ("[jobs]\ntick_seconds = 0\n", "jobs.tick_seconds: it must be greater than 0, not 0"),
    ("[jobs]\ntick_seconds = inf\n", "jobs.tick_seconds: it must be a finite number"),
    ("[pace]\nchat_burst = 1.5\n", "pace.chat_burst: it must be a valid integer"),
    ('[log]\njson = "maybe"\n', "log.json: it must be a valid boolean, not 'maybe'"),
    ('[log]\nlevel = "loud"\n', "log.level: it must be 'debug', 'info', 'warning' or 'error', not 'loud'"),
    (
        '[texts]\ndefault_locale = "de"\n',
        "texts.default_locale: it must be 'zh_CN', 'zh_TW' or 'en', not 'de'",
    ),
    (f'[texts]\ndefault_locale = "{SECRET}"\n', "texts.default_locale: it must be"),
    ('[operator]\nchat = "@me"\n', "operator.chat: this is not a chat"),
    ('[database]\nurl = "mysql://me:hunter2@db/x"\n', "database.url: this is not a database; write"),
    ('[database]\nurl = "sqlite://x.db"\n', "database.url: this is not a database; write"),
    ('[database]\nurl = "sqlite:///"\n', "database.url: this is not a database; write"),
    ('[database]\nurl = "postgresql://db"\n', "database.url: this is not a database; write"),
    (
        '[quiet_hours]\nstart = "25:00"\n',
        "quiet_hours.start: '25:00' is not a time of day; write for example",
    ),
    ("[quiet_hours]\nend = 8\n", "quiet_hours.end: 8 is not a time of day"),
    ('[clocks]\ndanger = { accept = "soon" }\n', "clocks.danger.accept: 'soon' is not a duration; write"),
    (
        '[clocks]\ndanger = { accept = "3h" }\n',
        "clocks.danger: accept (3:00:00) must not be longer than resolve",
    ),
    ('[clocks]\ndangr = { accept = "3h" }\n', "clocks.dangr: it must be 'danger', 'utility'"),
    ('[retention]\nissues = "7d"\n', "retention: issues must be kept for 30 days at least"),
    ('[calendar]\noff = "2026-11-20"\n', "calendar.off: write a list of days, for example"),
    ('[calendar]\noff = ["2026-02-30"]\n', "calendar.off: '2026-02-30' is not a day; write for example"),
    ("[calendar]\noff = [20261120]\n", "calendar.off: 20261120 is not a day"),
    ('[calendar]\nof = ["2026-11-20"]\n', "calendar.of: there is off, work, or a table [calendar.<code"),
    ("[calendar.luzhou]\nwrk = []\n", "calendar.luzhou.wrk: there is no such setting; there are off"),
    (
        '[categories.lift]\naccept_by = "3h"\n',
        "categories.lift: 3:00:00 to accept must not be longer than 2:00:00 to resolve",
    ),
    (
        '[calendar.luzhou]\noff = ["2026-11-20"]\nwork = ["2026-11-20"]\n',
        "calendar.luzhou.work: 2026-11-20 is also in off; a day is one or the other",
    ),
    ("[ladder]\nreminders = [80, 50]\n", "ladder: the percentages of a ladder must rise"),
    ('[ladder]\nlevels = ["mayor"]\n', "ladder.levels.0: it must be"),
    ('[categories.lift]\nurgency = "high"\n', "categories.lift.urgency: 'high' is not one of"),
    ("[categories.elevator]\n", "categories.elevator: there is no such category; known are"),
    ('[categories.lamps]\nname = ""\n', "categories.lamps.name: '' is no name; write up to 16 characters"),
    ("[categories.other]\nhidden = true\n", "categories.other.hidden: this one is always needed"),
    ("[categories]\nlift = 3\n", "categories.lift: this is a table, written as [categories.lift]"),
    ('[[emergency_numbers]]\nname = "x"\n', "emergency_numbers.0.number is missing"),
    (
        '[[emergency_numbers]]\nname = "x"\nnumber = "call"\n',
        "emergency_numbers.0.number: this is not a phone",
    ),
]


class TestMistakes:
    """Every mistake is one sentence: which key, and what to do."""

    @pytest.mark.parametrize(("toml", "expected"), MISTAKES)
    def test_in_the_file(self, file: Path, toml: str, expected: str) -> None:
        """The file is named, then the key."""
        sentence = refused(add(file, toml))

        assert sentence.startswith(expected)
        assert "hunter2" not in sentence

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            (
                "BOT_JOBS__TICK_SECONDS",
                "often",
                "BOT_JOBS__TICK_SECONDS: it must be a valid number, not 'often'",
            ),
            ("BOT_JOBS__TICK_SECOND", "5", "BOT_JOBS__TICK_SECOND: there is no such setting; did you mean"),
            (
                "BOT_JOB__TICK_SECONDS",
                "5",
                "BOT_JOB__TICK_SECONDS: there is no such setting; did you mean BOT_JOBS__T",
            ),
            ("BOT_LADDER", "oops", "the environment cannot be read: error parsing value for field"),
            (
                "BOT_TELEGRAM__TOKEN",
                SECRET.replace(":", ";"),
                "BOT_TELEGRAM__TOKEN: this is not a token; it looks",
            ),
            (
                "BOT_TELEGRAM__BASE_URL",
                "ftp://x",
                "BOT_TELEGRAM__BASE_URL: this is not a server; write for example",
            ),
            (
                "BOT_TELEGRAM__BASE_URL",
                "http://[x",
                "BOT_TELEGRAM__BASE_URL: this is not a server; write for",
            ),
        ],
    )
    def test_in_the_environment(self, file: Path, name: str, value: str, expected: str) -> None:
        """The variable is named, not the file."""
        assert refused(file, {name: value}).startswith(expected)

    @pytest.mark.parametrize("token", ["abc", "abc:123", "123:", ":abc", "1:a b", f"{SECRET}\\n"])
    def test_a_malformed_token(self, tmp_path: Path, token: str) -> None:
        """The shape is told, the token is not."""
        path = tmp_path / "config.toml"
        path.write_text(f'[telegram]\ntoken = "{token}"\n')

        assert (
            refused(path)
            == "telegram.token: this is not a token; it looks like 123456:AbC-dEf and comes from @BotFather"
        )

    @pytest.mark.parametrize("toml", ['telegram = "{}"\n', "[telegram]\ntoken = ['{}']\n", 'token = "{}"\n'])
    def test_a_token_in_the_wrong_place(self, tmp_path: Path, toml: str) -> None:
        """It is kept secret there, too."""
        path = tmp_path / "config.toml"
        path.write_text(toml.format(SECRET))

        assert "telegram" in refused(path)

    def test_no_token(self, tmp_path: Path) -> None:
        """Missing or left empty: where it comes from, and how to do without."""
        path = tmp_path / "config.toml"
        for text in ("", '[telegram]\ntoken = ""\n'):
            path.write_text(text)
            assert refused(path).startswith(
                "telegram.token is missing: copy config.example.toml to config.toml"
            )
        assert load(path, {}, needs_token=False).telegram.token.get_secret_value() == ""

    def test_no_file(self, tmp_path: Path) -> None:
        """A file that is named has to exist."""
        missing = tmp_path / "config.toml"

        assert refused(missing) == f"{missing} does not exist: copy config.example.toml to it or name another"

    def test_a_folder_or_other_characters(self, tmp_path: Path) -> None:
        """What cannot be read as text says so."""
        assert refused(tmp_path).startswith(f"{tmp_path} cannot be read: ")
        path = tmp_path / "config.toml"
        path.write_bytes("texts = '小区'".encode("gb18030"))
        assert refused(path) == f"{path} cannot be read: save it as UTF-8"
        path.write_bytes(b"\xef\xbb\xbf[texts]")
        assert refused(path).endswith("save it as UTF-8 without BOM")

    def test_not_toml(self, file: Path) -> None:
        """The line is told."""
        assert "(at line 3, column" in refused(add(file, "[log]\nlevel = info\n"))
