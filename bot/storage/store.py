"""One open transaction, by noun."""

from contextlib import AbstractAsyncContextManager

from bot.storage.absences import Absences
from bot.storage.activities import Activities
from bot.storage.announcements import Announcements
from bot.storage.calls import Calls
from bot.storage.changes import Changes
from bot.storage.chores import Chores
from bot.storage.contact_cards import ContactCards
from bot.storage.dialogs import Dialogs
from bot.storage.engine import Connection, Savepoints
from bot.storage.groups import Groups, Mutes
from bot.storage.intake import Intake
from bot.storage.interest_groups import InterestGroups
from bot.storage.issues import Dues, Issues, Notices
from bot.storage.links import Links
from bot.storage.loans import Loans
from bot.storage.mailboxes import Inbox, Outbox
from bot.storage.merging import Merging
from bot.storage.people import People
from bot.storage.places import Places
from bot.storage.posts import Posts
from bot.storage.privacy import Privacy
from bot.storage.rates import Rates
from bot.storage.replies import Replies
from bot.storage.restrictions import Restrictions
from bot.storage.search import Search
from bot.storage.threads import Threads
from bot.storage.upkeep import Upkeep


class Store:
    """Every noun of the house over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.inbox = Inbox(connection)
        self.outbox = Outbox(connection)
        self.dialogs = Dialogs(connection)
        self.people = People(connection)
        self.merging = Merging(connection)
        self.places = Places(connection)
        self.posts = Posts(connection)
        self.links = Links(connection)
        self.issues = Issues(connection)
        self.threads = Threads(connection)
        self.replies = Replies(connection)
        self.rates = Rates(connection)
        self.search = Search(connection)
        self.dues = Dues(connection)
        self.notices = Notices(connection)
        self.chores = Chores(connection)
        self.calls = Calls(connection)
        self.absences = Absences(connection)
        self.contact_cards = ContactCards(connection)
        self.changes = Changes(connection)
        self.announcements = Announcements(connection)
        self.activities = Activities(connection)
        self.interest_groups = InterestGroups(connection)
        self.groups = Groups(connection)
        self.mutes = Mutes(connection)
        self.intake = Intake(connection)
        self.restrictions = Restrictions(connection)
        self.loans = Loans(connection)
        self.privacy = Privacy(connection)
        self.upkeep = Upkeep(connection)
        self._savepoints = Savepoints(connection)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """What happens inside is undone when it raises; the transaction goes on."""
        return self._savepoints.savepoint()
