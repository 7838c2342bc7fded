"""Configuration: config.toml and the environment, validated; every mistake is named with its key."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.domain.abuse import DEFAULT as DEFAULT_LIMITS
from bot.domain.abuse import Limits
from bot.domain.calendar import OwnDays, own_days
from bot.domain.categories import DEFAULT_CATEGORIES, Category, Urgency, customised
from bot.domain.clocks import DEFAULT_TERMS, QuietHours, Terms
from bot.domain.clocks import terms as terms_of
from bot.domain.errors import OperatorError
from bot.domain.ladder import DEFAULT as DEFAULT_LADDER
from bot.domain.ladder import Ladder
from bot.domain.retention import DEFAULT as DEFAULT_RETENTION
from bot.domain.retention import Retention
from bot.journal import Level as LogLevel
from bot.journal import scrubbed

PREFIX = "BOT_"
SEPARATOR = "__"

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_CHAT = re.compile(r"-?[0-9]+")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")
_DURATION = re.compile(r"([1-9][0-9]{0,4}) ?([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_SERVER = re.compile(r"https?://[\w.-]+(:[0-9]{1,5})?(/[\w./-]*)?", re.ASCII)
_PHONE = re.compile(r"\+?[0-9][0-9 -]{1,18}[0-9]")
_SECRET = ("telegram", "database")
_WHOLE = ("calendar", "categories", "clocks")
"""Tables that one rule reads as a whole: what it says begins with the rest of the key."""


def _token(token: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(token.get_secret_value() or "0:none"):
        raise ValueError("this is not a token; it looks like 123456:AbC-dEf and comes from @BotFather")
    return token


def _server(url: str) -> str:
    if not _SERVER.fullmatch(url):
        raise ValueError('this is not a server; write for example "https://api.telegram.org"')
    return url.rstrip("/")


def _database(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        return url
    if scheme == "postgresql" and urlsplit(url).path.strip("/"):
        return url
    raise ValueError(
        'this is not a database; write "sqlite:///var/lianxin.db" or "postgresql://user@host/name"'
    )


def _chat(chat: str | None) -> str | None:
    if chat is not None and not _CHAT.fullmatch(chat):
        raise ValueError("this is not a chat; write its number, for example -1001234567890")
    return chat


def _phone(number: str) -> str:
    if not _PHONE.fullmatch(number):
        raise ValueError("this is not a phone number; write for example 0835-2222222")
    return number


def _clock_time(given: object) -> object:
    # A TOML time is taken as it is; a bare number would pass for seconds since midnight.
    if isinstance(given, time) or (isinstance(given, str) and _TIME.fullmatch(given)):
        return given if isinstance(given, time) else time.fromisoformat(given.zfill(5))
    raise ValueError(f'{given!r} is not a time of day; write for example "21:00"')


def _morning(given: object) -> object:
    if given is None or given == "off":
        return None
    at = _clock_time(given)
    if isinstance(at, time) and at < time(12):
        return at
    raise ValueError(f'{given!r} is not in the morning; write for example "08:30", or "off"')


def _duration(given: object) -> timedelta:
    if isinstance(given, timedelta):
        return given
    if isinstance(given, str) and (written := _DURATION.fullmatch(given)):
        return int(written[1]) * _UNITS[written[2]]
    raise ValueError(f'{given!r} is not a duration; write for example "30m", "2h" or "7d"')


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Level = Literal["self_management_committee", "owners_committee_director", "branch_secretary", "outward"]
TimeOfDay = Annotated[time, BeforeValidator(_clock_time)]


class Section(BaseModel):
    """A table of the file; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


class TelegramSettings(Section):
    """The bot's account. An empty token is only for commands that never talk to Telegram."""

    token: Annotated[SecretStr, AfterValidator(_token)] = SecretStr("")
    base_url: Annotated[str, AfterValidator(_server)] = "https://api.telegram.org"


class DatabaseSettings(Section):
    """Where the rows are kept; the address may hold a password."""

    url: Annotated[str, AfterValidator(_database), Field(repr=False)] = "sqlite:///var/lianxin.db"

    @property
    def sqlite_path(self) -> str | None:
        """The file of an SQLite database, None when the database is a server."""
        scheme, _, path = self.url.partition(":///")
        return path if scheme == "sqlite" else None

    @property
    def file(self) -> Path | None:
        """The same as a path; None also for a database that is only in memory."""
        return None if self.sqlite_path in {None, ":memory:"} else Path(self.sqlite_path or "").expanduser()


class OperatorSettings(Section):
    """The chat that hears of trouble; None: only the log does."""

    chat: Annotated[str | None, Field(coerce_numbers_to_str=True), AfterValidator(_chat)] = None


class TextsSettings(Section):
    """The language of those whose own is not known."""

    default_locale: Literal["zh_CN", "zh_TW", "en"] = "zh_CN"


class PaceSettings(Section):
    """How fast mail goes out: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this"""

    overall_per_second: PositiveInt = 30
    per_chat_per_second: PositiveInt = 1
    chat_burst: PositiveInt = 3
    per_group_per_minute: PositiveInt = 20


class JobsSettings(Section):
    """How often due times are looked at."""

    tick_seconds: PositiveFloat = 5


class QuietHoursSettings(Section):
    """Local times; the same twice: never quiet."""

    start: TimeOfDay = time(21)
    end: TimeOfDay = time(8)

    def at(self, timezone: ZoneInfo) -> QuietHours:
        """The quiet hours of a compound."""
        return QuietHours(start=self.start, end=self.end, timezone=timezone)


class DigestSettings(Section):
    """When the morning's word is said, local time before noon; None: never."""

    at: Annotated[time | None, BeforeValidator(_morning)] = time(8, 30)


class TermSettings(Section):
    """The times of one urgency; None: the usual one."""

    accept: Duration | None = None
    resolve: Duration | None = None


class LadderSettings(Section):
    """Percent of the term, and who is told one level up each `step`."""

    reminders: tuple[PositiveInt, ...] = DEFAULT_LADDER.reminders
    escalate_at: PositiveInt = DEFAULT_LADDER.escalate_at
    step: PositiveInt = DEFAULT_LADDER.step
    levels: tuple[Level, ...] = ("owners_committee_director", "branch_secretary", "outward")

    @model_validator(mode="after")
    def _is_a_ladder(self) -> "LadderSettings":
        self.ladder()
        return self

    def ladder(self) -> Ladder:
        """The same as a rule."""
        return Ladder(self.reminders, self.escalate_at, self.step, self.levels)


class LogSettings(Section):
    """What is logged and how: for eyes, or one JSON object a line."""

    level: LogLevel = "info"
    as_json: bool = Field(default=False, alias="json")


class BackupSettings(Section):
    """Copies that the running bot makes of an SQLite database; without a directory it makes none."""

    directory: Path | None = None
    every: Duration = timedelta(days=1)
    keep: PositiveInt = 14


class RetentionSettings(Section):
    """How long what people wrote and who they were is kept after it has ended; `nightly`: by itself."""

    nightly: bool = True
    issues: Duration = DEFAULT_RETENTION.issues
    homes: Duration = DEFAULT_RETENTION.homes
    signups: Duration = DEFAULT_RETENTION.signups
    views: Duration = DEFAULT_RETENTION.views

    @model_validator(mode="after")
    def _is_long_enough(self) -> "RetentionSettings":
        self.terms()
        return self

    def terms(self) -> Retention:
        """The same as a rule."""
        return Retention(self.issues, self.homes, self.signups, self.views, nightly=self.nightly)


class ReportsSettings(Section):
    """When the committee of a compound is told how it stands, in local time; "off": never."""

    weekly: TimeOfDay | Literal["off"] = time(9)
    monthly: TimeOfDay | Literal["off"] = time(9, 30)

    @property
    def weekly_at(self) -> time | None:
        """On Mondays."""
        return None if self.weekly == "off" else self.weekly

    @property
    def monthly_at(self) -> time | None:
        """On the first of a month."""
        return None if self.monthly == "off" else self.monthly


class LimitsSettings(Section):
    """How much one person may ask of the bot; those who enter reports for others may enter any number."""

    reports_per_day: PositiveInt = DEFAULT_LIMITS.reports
    danger_reports_per_day: PositiveInt = DEFAULT_LIMITS.dangers
    messages_per_minute: PositiveInt = DEFAULT_LIMITS.messages

    @model_validator(mode="after")
    def _leaves_room(self) -> "LimitsSettings":
        self.limits()
        return self

    def limits(self) -> Limits:
        """The same as a rule."""
        return Limits(self.reports_per_day, self.danger_reports_per_day, self.messages_per_minute)


class ClockSettings(Section):
    """A file that moves or stops the bot's clock (see `bot.app.system_clock`), for trying things out."""

    offset_file: Path | None = None


class EmergencyNumber(Section):
    """A local number for the contact card, below those of the whole country."""

    name: str = Field(min_length=1, max_length=40)
    number: Annotated[str, AfterValidator(_phone)]


class Settings(BaseSettings):
    """Everything that can be configured; config.example.toml says it in an operator's words."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix=PREFIX,
        env_nested_delimiter=SEPARATOR,
    )

    telegram: TelegramSettings = TelegramSettings()
    database: DatabaseSettings = DatabaseSettings()
    operator: OperatorSettings = OperatorSettings()
    texts: TextsSettings = TextsSettings()
    pace: PaceSettings = PaceSettings()
    jobs: JobsSettings = JobsSettings()
    quiet_hours: QuietHoursSettings = QuietHoursSettings()
    digest: DigestSettings = DigestSettings()
    clocks: dict[Urgency, TermSettings] = {}
    ladder: LadderSettings = LadderSettings()
    calendar: dict[str, Any] = {}
    categories: dict[str, dict[str, Any]] = {}
    log: LogSettings = LogSettings()
    backup: BackupSettings = BackupSettings()
    retention: RetentionSettings = RetentionSettings()
    limits: LimitsSettings = LimitsSettings()
    reports: ReportsSettings = ReportsSettings()
    clock: ClockSettings = ClockSettings()
    emergency_numbers: tuple[EmergencyNumber, ...] = ()

    @field_validator("calendar")
    @classmethod
    def _are_days(cls, days: dict[str, Any]) -> dict[str, Any]:
        own_days(days)
        return days

    @field_validator("calendar", "categories", mode="before")
    @classmethod
    def _with_values(cls, given: Any) -> Any:
        return _read_values(given)

    @field_validator("categories")
    @classmethod
    def _are_categories(cls, overrides: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        customised(DEFAULT_CATEGORIES, overrides)
        return overrides

    @field_validator("clocks")
    @classmethod
    def _accepting_comes_first(cls, clocks: dict[Urgency, TermSettings]) -> dict[Urgency, TermSettings]:
        for urgency, terms in _merged(clocks).items():
            if terms.accept > terms.resolve:
                raise ValueError(
                    f"{urgency}: accept ({terms.accept}) must not be longer than resolve ({terms.resolve})"
                )
        return clocks

    @model_validator(mode="after")
    def _categories_keep_their_terms(self) -> "Settings":
        for one in self.all_categories():
            limits = terms_of(one.urgency, one.accept_by, one.resolve_by, self.terms())
            if limits.accept > limits.resolve:
                raise ValueError(
                    f"categories.{one.key}: {limits.accept} to accept must not be longer than"
                    f" {limits.resolve} to resolve, as of its urgency where it says nothing else"
                )
        return self

    def terms(self) -> Mapping[str, Terms]:
        """How long each urgency may take, with the operator's changes."""
        return _merged(self.clocks)

    def own_days(self) -> Mapping[str, OwnDays]:
        """The days off and make-up workdays the operator adds, by code of the compound or EVERYBODY."""
        return own_days(self.calendar)

    def all_categories(self) -> tuple[Category, ...]:
        """Every category, with the operator's changes."""
        return customised(DEFAULT_CATEGORIES, self.categories)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *_: Any, **sources: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: the file and the environment are read by `load`, and nowhere else."""
        return (sources["init_settings"],)


def _read_values(given: Any) -> Any:
    """What is no text in a table of free form comes out of the environment as the JSON it was written in."""
    if isinstance(given, dict):
        return {name: _read_values(value) for name, value in given.items()}
    if isinstance(given, str) and (given in ("true", "false") or given.startswith("[")):
        with suppress(ValueError):
            return json.loads(given)
    return given


def _merged(clocks: Mapping[Urgency, TermSettings]) -> Mapping[str, Terms]:
    merged = dict(DEFAULT_TERMS)
    for urgency, own in clocks.items():
        usual = DEFAULT_TERMS[urgency]
        merged[urgency] = Terms(own.accept or usual.accept, own.resolve or usual.resolve, usual.kind)
    return merged


def load(path: Path | None, environ: Mapping[str, str], *, needs_token: bool = True) -> Settings:
    """Read the file, if one is named, and the variables BOT_<SECTION>__<KEY>, which win.

    Raises OperatorError with one sentence that names the key and says what to do; never with a secret.
    """
    given = {name.upper(): value for name, value in environ.items() if value}

    class FromOutside(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **sources: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            variables = EnvSettingsSource(settings_cls)
            variables.env_vars = {name.lower(): value for name, value in given.items()}
            return variables, TomlConfigSettingsSource(settings_cls, path)

    _check_variables(given)
    if path is not None:
        _check_file(path)
    try:
        settings = FromOutside()
    except ValidationError as error:
        # The token must not show up, wherever it was pasted.
        first = error.errors(include_url=False)[0]
        raise OperatorError(scrubbed(_sentence(first, path, given))) from None
    except SettingsError as error:
        raise OperatorError(f"the environment cannot be read: {error}; lists are written as JSON") from None
    if needs_token and not settings.telegram.token.get_secret_value():
        raise OperatorError(
            "telegram.token is missing: copy config.example.toml to config.toml and put the token from "
            "@BotFather in it, or set BOT_TELEGRAM__TOKEN; to look around without one, run the sandbox"
        )
    return settings


def _check_variables(given: Mapping[str, str]) -> None:
    """A misspelt section would be passed over silently: only known ones are looked for."""
    sections = [name.upper() for name in Settings.model_fields]
    for name in given:
        section, separator, _ = name.removeprefix(PREFIX).partition(SEPARATOR)
        if name.startswith(PREFIX) and separator and section not in sections:
            raise OperatorError(_no_such(name, name, [_variable(key) for key in _keys_of(Settings)]))


def _variable(key: str) -> str:
    return PREFIX + key.replace(".", SEPARATOR).upper()


def _check_file(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("\ufeff"):
            raise OperatorError(f"{path} begins with a mark of Windows (BOM): save it as UTF-8 without BOM")
        tomllib.loads(text)
    except FileNotFoundError:
        raise OperatorError(
            f"{path} does not exist: copy config.example.toml to it or name another"
        ) from None
    except UnicodeDecodeError:
        raise OperatorError(f"{path} cannot be read: save it as UTF-8") from None
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror or error}") from None
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"{path} is not valid TOML: {error}; texts need quotes") from None


def _sentence(error: ErrorDetails, path: Path | None, given: Mapping[str, str]) -> str:
    """Where the first mistake is, what is wrong, and what would be right."""
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    where = _variable(key) if _variable(key) in given else f"{path}: {key}" if path else key
    kind, said = error["type"], error["msg"]
    if kind == "extra_forbidden":
        return _no_such(where, key, list(_keys_of(Settings)))
    if kind == "value_error":
        return f"{where}{'.' if key in _WHOLE else ': ' if key else ''}{error['ctx']['error']}"
    if kind in ("model_type", "dict_type"):
        return f"{where}: this is a table, written as [{key}] with its settings below"
    if kind == "missing":
        return f"{where} is missing"
    shown = "" if error["loc"][0] in _SECRET else f", not {error['input']!r}"
    wanted = said.partition(", unable")[0].replace("Input should be", "it must be")
    return f"{where}: {wanted}{shown}"


def _no_such(where: str, key: str, known: list[str]) -> str:
    # A key is looked for among its like, a lonely one also as the end of another: token, telegram.token.
    like = {name: name for name in known if name.count(".") == key.count(".")}
    if "." not in key:
        like |= {name.rpartition(".")[2]: name for name in known}
    close = get_close_matches(key, like, n=1)
    hint = f"did you mean {like[close[0]]}?" if close else "config.example.toml shows them all"
    return f"{where}: there is no such setting; {hint}"


def _keys_of(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = above + (field.alias or name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from _keys_of(field.annotation, key + ".")
        yield key
