// One phone: a person looking at one chat. Everything written by people enters the page as text nodes.

import { get, post, say } from "./state.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};
const TIME = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const base64 = (file) => new Promise((done, fail) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.split(",")[1]);
  reader.onerror = fail;
  reader.readAsDataURL(file);
});

export class Phone {
  constructor(town, viewer, chat, onChange) {
    this.town = town;
    this.viewer = viewer;
    this.chat = chat;
    this.onChange = onChange;
    this.shown = new Map();
    this.answering = 0;
    this.build();
    this.watch = (changed) => this.refresh(changed);
    town.watchers.add(this.watch);
    this.redraw();
  }

  get room() { return this.town.chats.get(this.chat); }

  build() {
    this.viewers = element("select", { ariaLabel: say("name"), onchange: () => this.look(Number(this.viewers.value), Number(this.viewers.value)) });
    this.chats = element("select", { ariaLabel: say("private"), onchange: () => this.look(this.viewer, Number(this.chats.value)) });
    this.messages = element("div", { className: "messages", ariaLive: "polite", onscroll: () => this.noteEnd() });
    new ResizeObserver(() => this.stay()).observe(this.messages);
    this.keyboard = element("div", { className: "keyboard", hidden: true });
    this.commands = element("div", { className: "commands", hidden: true });
    this.answers = element("div", { className: "answering", hidden: true });
    this.text = element("textarea", {
      placeholder: say("write"), ariaLabel: say("write"),
      oninput: () => this.offerCommands(),
      onkeydown: (event) => {
        if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); this.send(); }
      },
    });
    this.file = element("input", { type: "file", accept: "image/png,image/jpeg,image/gif", hidden: true, onchange: () => this.sendFile() });
    this.menu = element("div");
    this.more = element("details", { className: "more", ontoggle: () => this.fillMenu() }, element("summary", { title: "+" }, "＋"), this.menu);
    const write = element("form", { className: "write", onsubmit: (event) => { event.preventDefault(); this.send(); } },
      this.more, this.file, this.text, element("button", {}, say("send")));
    this.root = element("section", { className: "phone" },
      element("div", { className: "top" }, this.viewers, this.chats,
        element("button", { title: say("close"), onclick: () => this.close() }, "×")),
      this.messages, this.keyboard, this.commands, this.answers, write);
  }

  close() {
    this.town.watchers.delete(this.watch);
    this.root.remove();
    this.onChange();
  }

  look(viewer, chat) {
    this.viewer = viewer;
    this.chat = chat;
    this.answer(0);
    this.redraw();
    this.onChange();
  }

  // ---- what is shown

  redraw() {
    this.shown.clear();
    this.messages.replaceChildren();
    this.drawTop();
    this.drawKeyboard();
    this.atEnd = true;
    this.draw([...(this.room?.messages.values() ?? [])]);
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

  refresh(changed) {
    if (changed.has(this.viewer)) for (const toast of this.town.chats.get(this.viewer).toasts) this.toast(toast.text, toast.alert);
    if (changed.size) this.drawTop();
    if (!changed.has(this.chat)) return;
    this.drawKeyboard();
    this.draw(this.room.fresh);
  }

  drawTop() {
    const options = (chats, label) => chats.map((chat) => element("option", { value: chat.id }, label(chat)));
    this.viewers.replaceChildren(...options(this.town.people, (person) => person.title));
    this.viewers.value = this.viewer;
    this.chats.replaceChildren(...options(this.town.chatsOf(this.viewer), (chat) => chat.kind === "private" ? `${this.town.bot.first_name} (${say("private")})` : chat.title));
    this.chats.value = this.chat;
  }

  draw(messages) {
    for (const message of messages) {
      const old = this.shown.get(message.message_id);
      if (message.deleted) { old?.remove(); this.shown.delete(message.message_id); continue; }
      const drawn = this.drawMessage(message);
      if (old) old.replaceWith(drawn); else this.messages.append(drawn);
      this.shown.set(message.message_id, drawn);
    }
    this.messages.querySelector(".empty")?.remove();
    if (!this.shown.size) this.drawEmpty();
    this.stay();
  }

  drawEmpty() {
    const start = element("button", { onclick: () => this.act("open_link", {}) }, say("start"));
    this.messages.append(element("div", { className: "empty" }, element("p", {}, say("empty")), this.chat > 0 ? start : ""));
  }

  drawMessage(message) {
    const service = this.serviceText(message);
    if (service) return element("div", { className: "service" }, service);
    const mine = !message.outgoing && message.from?.id === this.viewer && !message.sender_chat;
    const bubble = element("div", { className: "bubble" });
    if (!mine && this.chat < 0) bubble.append(element("div", { className: "sender" }, message.sender_chat?.title ?? this.town.name(message.from)));
    const replied = message.reply_to_message;
    if (replied) bubble.append(element("span", { className: "reply" }, replied.text ?? replied.caption ?? "…"));
    for (const media of this.media(message)) bubble.append(media);
    bubble.append(this.formatted(message.text ?? message.caption ?? "", message.entities ?? message.caption_entities ?? []));
    const when = element("span", { className: "when" }, `${message.edited ? say("edited") + " " : ""}${TIME.format(new Date(message.date * 1000))}`);
    bubble.append(when);
    bubble.ondblclick = () => this.answer(message.message_id);
    bubble.title = say("replyHint");
    return element("div", { className: mine ? "message mine" : "message" }, bubble, this.inline(message));
  }

  serviceText(message) {
    const who = message.from ? this.town.name(message.from) : "";
    const names = (users) => users.map((user) => this.town.name(user)).join("、");
    if (message.new_chat_members) return `${names(message.new_chat_members)} ${say("joined")}`;
    if (message.left_chat_member) return `${names([message.left_chat_member])} ${say("left")}`;
    if (message.pinned_message) return `${who} ${say("pinned")}`;
    if (message.new_chat_title) return `${who} ${say("renamed")} ${message.new_chat_title}`;
    return message.migrate_to_chat_id || message.migrate_from_chat_id ? say("moved") : "";
  }

  media(message) {
    const drawn = [];
    if (message.photo) {
      const photo = message.photo.at(-1);
      drawn.push(element("img", { src: `/sandbox/files/${encodeURIComponent(photo.file_id)}`, width: photo.width, height: photo.height, alt: say("photo"), loading: "lazy" }));
    }
    if (message.voice) drawn.push(`🎤 ${message.voice.duration}s `);
    if (message.sticker) drawn.push(message.sticker.emoji ?? "▢");
    if (message.document) drawn.push(`📄 ${message.document.file_name ?? say("document")} `);
    if (message.location) drawn.push(`📍 ${message.location.latitude}, ${message.location.longitude}`);
    if (message.contact) drawn.push(`📇 ${message.contact.first_name} ${message.contact.phone_number}`);
    return drawn;
  }

  // Entities count in UTF-16 units, as JavaScript's strings do; outer ones come first.
  formatted(text, entities) {
    const fragment = document.createDocumentFragment();
    let at = 0;
    const rest = [...entities];
    while (rest.length) {
      const entity = rest.shift();
      if (entity.offset < at) continue;
      const end = entity.offset + entity.length;
      const inner = [];
      while (rest.length && rest[0].offset < end) {
        const { offset, ...other } = rest.shift();
        inner.push({ ...other, offset: offset - entity.offset });
      }
      fragment.append(text.slice(at, entity.offset));
      const piece = text.slice(entity.offset, end);
      const made = this.entity(entity, piece);
      made.append(this.formatted(piece, inner));
      fragment.append(made);
      at = end;
    }
    fragment.append(text.slice(at));
    return fragment;
  }

  entity(entity, text) {
    const link = { text_link: entity.url, url: text, email: `mailto:${text}`, phone_number: `tel:${text}` }[entity.type];
    if (link) return element("a", { href: this.safe(link), target: "_blank", rel: "noopener noreferrer", onclick: (event) => this.follow(event, link) });
    if (entity.type === "bot_command") return element("a", { href: "#", onclick: (event) => { event.preventDefault(); this.act("text", { text }); } });
    if (entity.type === "spoiler") return element("span", { className: "spoiler", tabIndex: 0 });
    return document.createElement(TAGS[entity.type] ?? "span");
  }

  safe(link) { return /^(https?|mailto|tel):/i.test(link) ? link : "#"; }

  // A deep link to the bot is opened on this very phone.
  follow(event, link) {
    const deep = new RegExp(`^https?://t\\.me/${this.town.bot.username}\\?start=([\\w-]*)$`, "i").exec(link);
    if (!deep && this.safe(link) !== "#") return;
    event.preventDefault();
    if (deep) { this.look(this.viewer, this.viewer); this.act("open_link", { payload: deep[1] }); }
  }

  inline(message) {
    const rows = message.reply_markup?.inline_keyboard ?? [];
    return element("div", { className: "inline" }, ...rows.map((row) => element("div", { className: "row" }, ...row.map((button) => {
      const url = button.url;
      const press = () => this.act("press", { message_id: message.message_id, data: button.callback_data });
      const open = (event) => { this.follow(event, url); if (!event.defaultPrevented) window.open(this.safe(url), "_blank", "noopener"); };
      return element("button", { type: "button", className: url ? "link" : "", onclick: url ? open : press }, button.text);
    }))));
  }

  drawKeyboard() {
    const markup = this.room?.keyboard;
    this.keyboard.hidden = !markup;
    this.keyboard.replaceChildren(...(markup?.keyboard ?? []).map((row) => element("div", { className: "row" }, ...row.map((button) => {
      const verb = button.request_contact ? "contact" : button.request_location ? "location" : "text";
      return element("button", { type: "button", onclick: () => this.act(verb, { text: button.text }) }, button.text);
    }))));
  }

  toast(text, alert) {
    if (!text) return;
    if (alert) {
      const dialog = element("dialog", { className: "alert", onclose: () => dialog.remove() }, text,
        element("form", { method: "dialog" }, element("button", {}, say("ok"))));
      this.root.append(dialog);
      dialog.showModal();
      return;
    }
    const toast = element("div", { className: "toast", role: "status" }, text);
    this.root.append(toast);
    setTimeout(() => toast.remove(), 3500);
  }

  // ---- what is done

  async act(verb, data) {
    this.atEnd = true;
    try {
      await post(`users/${this.viewer}/${verb}`, { ...data, chat: this.chat });
      return true;
    } catch (trouble) {
      this.toast(trouble.message);
      return false;
    }
  }

  async actGroup(verb) {
    try {
      const { result } = await post(`groups/${this.chat}/${verb}`, { by: this.viewer });
      if (verb === "upgrade") { await this.town.fetch(0); this.look(this.viewer, result); }
    } catch (trouble) {
      this.toast(trouble.message);
    }
  }

  async send() {
    const [text, to] = [this.text.value.trim(), this.answering];
    if (!text) return;
    this.text.value = "";
    this.answer(0);
    this.offerCommands();
    const sent = await (to ? this.act("reply", { to, text }) : this.act("text", { text }));
    if (!sent && !this.text.value) this.text.value = text; // what could not be sent is not lost
  }

  async sendFile() {
    const [file] = this.file.files;
    this.file.value = "";
    if (file) this.act("photo", { content: await base64(file), caption: this.takeText() });
  }

  takeText() {
    const text = this.text.value.trim();
    this.text.value = "";
    return text;
  }

  answer(message) {
    this.answering = message;
    this.answers.hidden = !message;
    this.answers.replaceChildren(`${say("reply")} #${message}`, element("button", { type: "button", onclick: () => this.answer(0) }, say("cancel")));
    if (message) this.text.focus();
  }

  async offerCommands() {
    const typed = this.text.value;
    if (!/^\/\w*$/.test(typed)) { this.commands.hidden = true; return; }
    const { commands } = await get(`users/${this.viewer}/commands?chat=${this.chat}`);
    const fitting = (commands ?? []).filter((command) => `/${command.command}`.startsWith(typed));
    this.commands.hidden = !fitting.length || this.text.value !== typed;
    this.commands.replaceChildren(...fitting.map((command) => element("button", {
      type: "button",
      onclick: () => { this.text.value = ""; this.commands.hidden = true; this.act("text", { text: `/${command.command}` }); },
    }, `/${command.command}`, element("span", {}, command.description))));
  }

  fillMenu() {
    if (!this.more.open) return;
    const item = (label, run) => element("button", { type: "button", onclick: () => { this.more.open = false; run(); } }, say(label));
    const items = [
      item("photo", () => this.file.click()),
      item("sample", () => this.act("photo", { caption: this.takeText() })),
      item("album", () => this.act("album", { count: 3, caption: this.takeText() })),
      ...["voice", "sticker", "location", "contact"].map((verb) => item(verb, () => this.act(verb, {}))),
    ];
    if (this.chat > 0) {
      items.push(item("link", () => { const payload = prompt(say("payload"), ""); if (payload !== null) this.act("open_link", { payload: payload.replace(/^.*[?&]start=/, "") }); }));
      const verb = this.room.blocked ? "unblock" : "block";
      items.push(item(verb, () => this.act(verb, {})));
    } else {
      const present = ["member", "administrator"].includes(this.room.bot);
      items.push(present ? item("removeBot", () => this.actGroup("remove_bot")) : item("addBot", () => this.actGroup("add_bot")));
      if (this.room.bot === "member") items.push(item("promote", () => this.actGroup("promote_bot")));
      if (this.room.kind === "group" && !this.room.migrated_to) items.push(item("upgrade", () => this.actGroup("upgrade")));
    }
    this.menu.replaceChildren(...items);
  }
}
