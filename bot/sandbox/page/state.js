// What the sandbox knows, told as it changes; what has been read; requests.

import { say } from "./element.js";

const READ = "read";

export const post = (path, data = {}) =>
  get(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data) });

export async function get(path, options = {}) {
  const answer = await fetch(`/sandbox/${path}`, options).catch(() => { throw new Error(say("offline")); });
  const said = await answer.json().catch(() => ({})); // what broke, or broke off, is no JSON
  if (!answer.ok) throw new Error(said.error ?? `${answer.status} ${answer.statusText}`);
  return said;
}

// Chats by id, each with `messages` (a Map by message_id). Watchers are told which chats changed.
export class Town {
  constructor() {
    this.epoch = "";
    this.revision = 0;
    this.chats = new Map();
    this.bot = {};
    this.host = null;
    this.faults = [];
    this.isPaused = false;
    this.watchers = new Set();
    this.clock = { at: Date.now(), seen: Date.now() };
    this.read = new Map();
  }

  get people() { return [...this.chats.values()].filter((chat) => chat.kind === "private"); }

  chatsOf(person) {
    const groups = [...this.chats.values()].filter((chat) => chat.kind !== "private" && chat.members.includes(person));
    return [this.chats.get(person), ...groups].filter(Boolean);
  }

  name(user) { return [user?.first_name, user?.last_name].filter(Boolean).join(" "); }

  now() { return new Date(this.isPaused ? this.clock.at : this.clock.at + Date.now() - this.clock.seen); }

  // Resolves when the page has heard of this chat.
  async knows(id) {
    while (!this.chats.has(id)) {
      await new Promise((done) => {
        const watch = () => { this.watchers.delete(watch); done(); };
        this.watchers.add(watch);
      });
    }
  }

  // Resolves with the first news; goes on listening. `onTrouble` is told "" when all is well.
  listen(onTrouble) {
    return new Promise((done) => {
      const source = new EventSource("/sandbox/events?since=0");
      source.onmessage = ({ data }) => { this.take(JSON.parse(data)); onTrouble(""); done(); };
      source.onerror = () => onTrouble(say("offline"));
      window.addEventListener("pagehide", () => source.close());
      window.addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
    });
  }

  take(news) {
    if (this.epoch && news.epoch !== this.epoch) { location.reload(); return; } // another world, or a sandbox started anew
    const isFirst = !this.epoch;
    Object.assign(this, { epoch: news.epoch, revision: news.revision, bot: news.bot, host: news.host, faults: news.faults, isPaused: news.is_paused });
    this.clock = { at: Date.parse(news.clock), seen: Date.now() };
    for (const fresh of news.chats) {
      const messages = this.chats.get(fresh.id)?.messages ?? new Map();
      for (const message of fresh.messages) messages.set(message.message_id, message);
      this.chats.set(fresh.id, { ...fresh, messages, fresh: fresh.messages });
    }
    if (isFirst) this.recall();
    const changed = new Set(news.chats.map((chat) => chat.id));
    for (const watch of [...this.watchers]) watch(changed);
  }

  // ---- what has been read, by person and chat: the newest message that was on the screen

  recall() {
    const kept = JSON.parse(localStorage.getItem(READ) ?? "{}");
    const isKnown = kept.epoch === this.epoch;
    for (const person of this.people) {
      for (const chat of this.chatsOf(person.id)) {
        const key = `${person.id}:${chat.id}`;
        this.read.set(key, isKnown ? kept.read[key] ?? 0 : this.newest(chat));
      }
    }
  }

  newest(chat) { return Math.max(0, ...chat.messages.keys()); }

  markRead(person, chat) {
    const newest = this.newest(this.chats.get(chat));
    const key = `${person}:${chat}`;
    if (this.read.get(key) === newest) return;
    this.read.set(key, newest);
    localStorage.setItem(READ, JSON.stringify({ epoch: this.epoch, read: Object.fromEntries(this.read) }));
  }

  unread(person, chat) {
    const from = this.read.get(`${person}:${chat.id}`) ?? 0;
    let count = 0;
    for (const message of chat.messages.values()) {
      if (message.message_id > from && !message.deleted && (message.outgoing || message.from?.id !== person)) count += 1;
    }
    return count;
  }

  unreadOf(person) { return this.chatsOf(person).reduce((sum, chat) => sum + this.unread(person, chat), 0); }
}
