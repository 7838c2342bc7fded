// One phone: its owner, the list of chats, or one chat with everything that can be done in it.

import { showDoors, showGroups, showInfo } from "./dialogs.js";
import { base64, button, day, element, hour, openDialog, say } from "./element.js";
import { drawMessage, gist } from "./message.js";
import { get, post } from "./state.js";

const TYPING_SHOWN = 5000; // as long as Telegram shows a chat action
const TOAST_SHOWN = 4000;
const SAMPLES = ["lamp", "lane", "party"];
const LIST = 0; // `chat` of a phone that shows its list of chats

export class Phone {
  constructor(town, viewer, chat, onChange) {
    Object.assign(this, { town, viewer, chat, onChange, units: new Map(), drafts: new Map(), answering: null, correcting: null });
    this.build();
    this.watch = (changed) => this.refresh(changed);
    town.watchers.add(this.watch);
    this.redraw();
  }

  get room() { return this.town.chats.get(this.chat); }
  get owner() { return this.town.chats.get(this.viewer); }
  get isSeen() { return !document.hidden && this.root.offsetParent !== null; }

  build() {
    this.viewers = element("select", { className: "owner", ariaLabel: say("whose"), onchange: () => this.look(Number(this.viewers.value), LIST) });
    this.back = button("‹", () => this.look(this.viewer, LIST), { className: "plain back" });
    this.title = button("", () => showInfo(this), { className: "plain title" });
    this.top = element("div", { className: "chat-top" }, this.back, this.title);
    this.list = element("div", { className: "chats", role: "list", ariaLabel: say("chats") });
    this.messages = element("div", { className: "messages", role: "log", tabIndex: 0, onscroll: () => this.noteEnd() });
    new ResizeObserver(() => { this.stay(); this.markRead(); }).observe(this.messages);
    this.keyboard = element("div", { className: "keyboard", hidden: true });
    this.commands = element("div", { className: "commands", hidden: true });
    this.context = element("div", { className: "context", hidden: true });
    this.file = element("input", { type: "file", multiple: true, hidden: true, ariaLabel: say("file"), onchange: () => this.sendFiles() });
    this.menu = element("div", { className: "menu" });
    this.more = element("details", { className: "more", ontoggle: () => this.fillMenu() },
      element("summary", { ariaLabel: say("attach"), title: say("attach") }, "＋"), this.menu);
    this.text = element("textarea", {
      placeholder: say("write"), ariaLabel: say("write"), rows: 1,
      oninput: () => { this.grow(); this.offerCommands(); },
      onkeydown: (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
        if (event.key === "Escape") this.settle();
      },
    });
    const slash = button("/", () => this.offerCommands("/"), { className: "plain slash", ariaLabel: say("commands"), title: say("commands") });
    this.writing = element("form", { className: "write", onsubmit: (event) => { event.preventDefault(); this.send(); } },
      this.more, this.file, slash, this.text, element("button", { className: "send" }, say("send")));
    this.notices = element("div", { className: "notices", ariaLive: "assertive" });
    this.screen = element("div", { className: "screen" }, this.top, this.list, this.messages, this.notices, this.keyboard, this.commands, this.context, this.writing);
    this.root = element("section", { className: "phone", dataset: { viewer: this.viewer } },
      element("div", { className: "frame" }, this.viewers, button("×", () => this.close(), { className: "plain", ariaLabel: say("closePhone"), title: say("closePhone") })),
      this.screen);
  }

  close() {
    this.town.watchers.delete(this.watch);
    this.root.remove();
    this.onChange(this);
  }

  look(viewer, chat) {
    const draft = () => `${this.viewer}:${this.chat}`;
    this.settle();
    this.drafts.set(draft(), this.text.value);
    Object.assign(this, { viewer, chat });
    this.text.value = this.drafts.get(draft()) ?? "";
    this.redraw();
    this.grow(); // only what is shown has a height
    this.onChange(this);
  }

  // ---- what is shown

  redraw() {
    this.units.clear();
    this.lastDay = "";
    this.messages.replaceChildren();
    this.root.dataset.viewer = this.viewer;
    const isList = this.chat === LIST || !this.room;
    for (const part of [this.top, this.messages]) part.hidden = isList;
    this.writing.hidden = isList || Boolean(this.room.migrated_to);
    this.list.hidden = !isList;
    this.keyboard.hidden = true;
    this.drawFrame();
    this.drawList();
    if (isList) return;
    this.atEnd = true;
    this.messages.ariaLabel = this.roomName(this.room);
    this.drawKeyboard();
    this.draw([...this.room.messages.values()]);
    this.markRead();
  }

  refresh(changed) {
    if (changed.has(this.viewer)) for (const toast of this.owner.toasts) this.notice(toast);
    if (!changed.size) return;
    if (this.chat !== LIST && changed.has(this.chat)) {
      if (this.room.fresh.some((message) => message.migrate_to_chat_id)) { this.look(this.viewer, this.room.migrated_to); return; }
      if (!this.town.chatsOf(this.viewer).includes(this.room)) { this.look(this.viewer, LIST); return; } // thrown out
      this.drawKeyboard();
      this.draw(this.room.fresh);
      this.noteTyping();
      this.markRead();
    }
    this.drawFrame();
    this.drawList();
  }

  roomName(room) { return room.kind === "private" ? this.town.name(this.town.bot) : room.title; }

  drawFrame() {
    this.root.ariaLabel = this.owner.title;
    const people = this.town.people;
    const names = people.map(({ id, title }) => `${id}${title}`).join();
    if (names !== this.names) {
      this.names = names;
      this.viewers.replaceChildren(...people.map(({ id, title }) => element("option", { value: id }, title)));
    }
    this.viewers.value = this.viewer;
    if (!this.room) return;
    const elsewhere = this.town.unreadOf(this.viewer) - this.town.unread(this.viewer, this.room);
    this.back.replaceChildren("‹", elsewhere > 0 ? element("span", { className: "badge" }, String(elsewhere)) : "");
    this.back.ariaLabel = elsewhere > 0 ? `${say("back")}, ${elsewhere} ${say("unread")}` : say("back");
    this.title.replaceChildren(element("b", {}, this.roomName(this.room)), element("small", {}, this.subtitle()));
  }

  subtitle() {
    if (this.isTyping) return say("typing");
    if (this.room.kind !== "private") return `${this.room.members.length} ${say("groupOf")}`;
    return this.room.blocked ? say("blocked") : say("privateChat");
  }

  noteTyping() {
    const { action } = this.room;
    const hasSpoken = this.room.fresh.some((message) => message.outgoing);
    if (!action && !hasSpoken) return;
    clearTimeout(this.typing);
    this.isTyping = Boolean(action) && !hasSpoken;
    if (this.isTyping) this.typing = setTimeout(() => { this.isTyping = false; if (this.room) this.drawFrame(); }, TYPING_SHOWN);
  }

  drawList() {
    if (this.list.hidden) return;
    const newest = (room) => [...room.messages.values()].filter((message) => !message.deleted).at(-1);
    const rooms = this.town.chatsOf(this.viewer).map((room) => [room, newest(room)]);
    rooms.sort((one, other) => (other[1]?.date ?? 0) - (one[1]?.date ?? 0));
    this.list.replaceChildren(...rooms.map(([room, message]) => {
      const unread = this.town.unread(this.viewer, room);
      const at = message ? new Date(message.date * 1000) : null;
      const time = at ? element("time", {}, day(at) === day(this.town.now()) ? hour(at) : day(at)) : "";
      return element("div", { role: "listitem" }, button(
        element("span", { className: "face", ariaHidden: "true" }, this.roomName(room).slice(0, 1)),
        () => this.look(this.viewer, room.id), { className: "plain chat" },
      ), element("div", { className: "chat-text", ariaHidden: "true" },
        element("div", {}, element("b", {}, this.roomName(room)), time),
        element("div", {}, element("span", { className: "gist" }, message ? gist(this.town, message) : say("empty")),
          unread ? element("span", { className: "badge" }, String(unread)) : "")));
    }));
    for (const [index, item] of [...this.list.children].entries()) {
      const [room] = rooms[index];
      const unread = this.town.unread(this.viewer, room);
      item.firstChild.ariaLabel = unread ? `${this.roomName(room)}, ${unread} ${say("unread")}` : this.roomName(room);
      item.firstChild.append(item.lastChild);
    }
  }

  // An album is one unit, every other message its own.
  draw(messages) {
    const touched = new Set();
    for (const message of messages) {
      const key = message.media_group_id ? `album ${message.media_group_id}` : message.message_id;
      if (!this.units.has(key)) this.units.set(key, { ids: [], drawn: null });
      const unit = this.units.get(key);
      if (!unit.ids.includes(message.message_id)) unit.ids.push(message.message_id);
      touched.add(unit);
    }
    for (const unit of touched) {
      const drawn = drawMessage(this, unit.ids.map((id) => this.room.messages.get(id)));
      if (unit.drawn) { this.keepFocus(unit.drawn, drawn); drawn.classList.add("changed"); } else this.append(drawn, unit.ids[0]);
      unit.drawn = drawn;
    }
    this.messages.querySelector(".empty")?.remove();
    if (!this.units.size) this.drawEmpty();
    this.stay();
  }

  append(drawn, id) {
    const today = day(new Date(this.room.messages.get(id).date * 1000));
    if (today !== this.lastDay) this.messages.append(element("div", { className: "service day" }, today));
    this.lastDay = today;
    this.messages.append(drawn);
  }

  // A message is drawn anew under the finger that pressed it: the keyboard stays where it was.
  keepFocus(old, fresh) {
    const focused = [...old.querySelectorAll("button, a")].indexOf(document.activeElement);
    old.replaceWith(fresh);
    if (focused >= 0) ([...fresh.querySelectorAll("button, a")][focused] ?? this.text).focus({ preventScroll: true });
  }

  drawEmpty() {
    const start = this.room.kind === "private" ? button(say("start"), () => this.act("open_link"), { className: "start" }) : "";
    this.messages.append(element("div", { className: "empty" }, element("p", {}, say("empty")), start));
  }

  drawKeyboard() {
    const rows = this.room.keyboard?.keyboard ?? [];
    this.keyboard.hidden = !rows.length;
    this.text.placeholder = this.room.keyboard?.input_field_placeholder || say("write");
    this.keyboard.replaceChildren(...rows.map((row) => element("div", { className: "row" }, ...row.map((key) =>
      button(key.text, () => (key.request_contact ? this.act("contact") : key.request_location ? this.act("location") : this.act("text", { text: key.text })))))));
  }

  // Only a person's scrolling leaves the end: a phone that changed its width scrolls by itself.
  noteEnd() {
    const { scrollHeight, scrollTop, clientHeight, clientWidth } = this.messages;
    const shape = [scrollHeight, clientHeight, clientWidth].join();
    if (shape === this.shape) this.atEnd = scrollHeight - scrollTop - clientHeight < 60;
    this.shape = shape;
    this.stay();
  }

  stay() { if (this.atEnd) this.messages.scrollTop = this.messages.scrollHeight; }

  markRead() {
    if (this.room && this.chat !== LIST && this.isSeen) this.town.markRead(this.viewer, this.chat);
  }

  notice({ text, alert, url }) {
    if (url) { this.follow(url); return; }
    const shown = element("div", { className: alert ? "alert" : "toast", role: alert ? "alertdialog" : "status", ariaLabel: text });
    const close = () => { shown.remove(); if (alert) this.text.focus(); };
    shown.append(element("p", {}, text));
    if (alert) shown.append(button(say("ok"), close));
    else setTimeout(close, TOAST_SHOWN);
    this.notices.append(shown);
    shown.querySelector("button")?.focus();
  }

  complain(problem) { this.notice({ text: problem.message, alert: false }); }

  // ---- what its owner does

  async act(verb, data = {}) {
    try {
      const where = this.room && this.room.kind !== "private" ? { chat: this.chat } : {};
      return await post(`users/${this.viewer}/${verb}`, { ...where, ...data });
    } catch (problem) {
      this.complain(problem);
      return null;
    }
  }

  // A button may be gone in the moment it is tapped: the bot has just changed its message.
  async press(id, data) {
    const where = this.room.kind === "private" ? {} : { chat: this.chat };
    try {
      await post(`users/${this.viewer}/press`, { ...where, message_id: id, data });
    } catch (problem) {
      this.notice({ text: problem.message === say("offline") ? problem.message : say("pressAgain"), alert: false });
    }
  }

  async send() {
    const text = this.text.value.trim();
    if (!text) return;
    const { answering, correcting } = this;
    await (correcting ? this.sendWritten("edit", { message_id: correcting.message_id, text })
      : answering ? this.sendWritten("reply", { to: answering.message_id, text })
        : this.sendWritten("text", { text }));
  }

  // What is written goes out once, however often one taps, and stays where it is when it could not go.
  async sendWritten(verb, data) {
    if (this.isSending) return;
    this.isSending = true;
    this.atEnd = true;
    const written = this.text.value;
    if (await this.act(verb, data) && this.text.value === written) this.takeText(); // else it is the next message already
    this.isSending = false;
  }

  sendPictures(verb, data) { return this.sendWritten(verb, { ...data, caption: this.text.value.trim() }); }

  takeText() {
    this.text.value = "";
    this.settle();
  }

  async sendFiles() {
    const files = [...this.file.files];
    this.file.value = "";
    const pictures = files.filter((file) => /^image\/(png|jpeg|gif)$/.test(file.type));
    if (pictures.length > 1) {
      await this.sendPictures("album", { photos: await Promise.all(pictures.map(async (file) => ({ content: await base64(file) }))) });
    } else if (pictures.length) {
      await this.sendPictures("photo", { content: await base64(pictures[0]) });
    }
    for (const file of files.filter((one) => !pictures.includes(one))) {
      await this.act(file.type.startsWith("audio/") ? "voice" : "document", { content: await base64(file), name: file.name });
    }
  }

  answer(message) {
    Object.assign(this, { answering: message, correcting: null });
    this.drawContext(say("answering"), message);
  }

  correct(message) {
    Object.assign(this, { answering: null, correcting: message });
    this.text.value = message.text ?? message.caption ?? "";
    this.drawContext(say("editing"), message);
  }

  drawContext(label, message) {
    this.context.hidden = false;
    this.context.replaceChildren(element("span", {}, `${label}: ${gist(this.town, message)}`), button("×", () => this.settle(), { className: "plain", ariaLabel: say("cancel") }));
    this.grow();
    this.text.focus();
  }

  // Nothing is being answered or corrected, no menu is open.
  settle() {
    if (this.correcting) this.text.value = "";
    Object.assign(this, { answering: null, correcting: null });
    this.context.hidden = true;
    this.commands.hidden = true;
    this.more.open = false;
    this.grow();
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 120)}px`;
  }

  // The link is opened on this very phone when it leads to the bot; says whether it did.
  follow(link) {
    const group = new RegExp(`^https?://t\\.me/${this.town.bot.username}\\?startgroup=([\\w-]+)$`, "i").exec(link);
    if (group) { showGroups(this, group[1]); return true; }
    const deep = new RegExp(`^(?:https?://t\\.me/|tg://resolve\\?domain=)${this.town.bot.username}(?:[?&]start=([\\w-]*))?$`, "i").exec(link);
    if (!deep) return false;
    this.openLink(deep[1] ?? "");
    return true;
  }

  openLink(payload) {
    this.look(this.viewer, this.viewer);
    return this.act("open_link", { payload });
  }

  // ---- menus

  async offerCommands(typed = this.text.value) {
    if (!/^\/\w*$/.test(typed)) { this.commands.hidden = true; return; }
    const { commands } = await get(`users/${this.viewer}/commands?chat=${this.chat}`).catch(() => ({ commands: [] }));
    if (typed !== "/" && typed !== this.text.value) return;
    const fitting = commands.filter(({ command }) => `/${command}`.startsWith(typed));
    this.commands.hidden = !fitting.length;
    this.commands.replaceChildren(...fitting.map(({ command, description }) => button(element("b", {}, `/${command}`), () => {
      this.takeText();
      this.act("text", { text: `/${command}` });
    })));
    for (const [index, { description }] of fitting.entries()) this.commands.children[index].append(element("span", {}, description));
  }

  fillMenu() {
    if (!this.more.open) return;
    const item = (label, run, properties) => button(label, () => { this.more.open = false; run(); }, properties);
    const sample = (name) => item(element("img", { src: `/page/samples/${name}.jpg`, alt: say(name), title: say(name) }),
      () => this.sendPictures("photo", { sample: name }), { className: "sample" });
    this.menu.replaceChildren(
      item(say("file"), () => this.file.click()),
      element("div", { className: "samples", role: "group", ariaLabel: say("samples") }, ...SAMPLES.map(sample)),
      item(say("album"), () => this.sendPictures("album", { photos: SAMPLES.map((name) => ({ sample: name })) })),
      ...["voice", "location", "contact", "sticker"].map((verb) => item(say(verb), () => this.act(verb))),
      item(say("link"), () => showDoors(this)),
    );
    if (this.room.kind === "private") {
      const verb = this.room.blocked ? "unblock" : "block";
      this.menu.append(item(say(verb), () => this.act(verb)));
    }
    this.menu.querySelector("button").focus();
  }
}
