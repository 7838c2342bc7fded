// One message, or an album, as a person sees it.

import { button, dated, element, hour, openDialog, say } from "./element.js";

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

export const isSafe = (link) => /^(https?|mailto|tel):/i.test(link);

// What a chat list or a quotation shows of a message.
export function gist(town, message) {
  return serviceText(town, message) || message.text || message.caption || mediaWord(message) || "…";
}

function mediaWord(message) {
  for (const kind of ["photo", "voice", "sticker", "document", "location", "contact"]) if (message[kind]) return say(kind);
  return "";
}

function serviceText(town, message) {
  const who = message.from ? town.name(message.from) : "";
  const names = (users) => users.map((user) => town.name(user)).join("、");
  if (message.new_chat_members) return `${names(message.new_chat_members)} ${say("joined")}`;
  if (message.left_chat_member) return `${names([message.left_chat_member])} ${say("left")}`;
  if (message.pinned_message) return `${who} ${say("pinned")}`;
  if (message.new_chat_title) return `${who} ${say("renamed")} ${message.new_chat_title}`;
  return message.migrate_to_chat_id || message.migrate_from_chat_id ? say("moved") : "";
}

// Draws `messages` (one, or those of an album) on a phone. `phone` gives town, viewer, room and the deeds.
export function drawMessage(phone, messages) {
  const [first] = messages;
  const service = serviceText(phone.town, first);
  if (service) return element("div", { className: "service" }, service);
  const isMine = !first.outgoing && first.from?.id === phone.viewer && !first.sender_chat;
  const isGone = messages.every((message) => message.deleted);
  const bubble = element("div", { className: "bubble" });
  if (!isMine && phone.room.kind !== "private") {
    bubble.append(element("div", { className: "sender" }, first.sender_chat?.title ?? phone.town.name(first.from)));
  }
  if (first.reply_to_message) bubble.append(element("div", { className: "quote" }, gist(phone.town, first.reply_to_message)));
  const photos = messages.filter((message) => message.photo);
  if (photos.length) bubble.append(drawPhotos(photos));
  bubble.append(...otherMedia(first));
  const spoken = messages.find((message) => message.text ?? message.caption) ?? first;
  const text = spoken.text ?? spoken.caption ?? "";
  if (text) bubble.append(element("div", { className: "text" }, formatted(phone, text, spoken.entities ?? spoken.caption_entities ?? [])));
  const marks = [isGone ? say("deleted") : "", messages.some((message) => message.edited) ? say("edited") : ""].filter(Boolean);
  const at = new Date(first.date * 1000);
  bubble.append(element("div", { className: "when" },
    marks.length ? element("span", { className: "mark" }, `${marks.join(" ")} `) : "",
    element("time", { dateTime: at.toISOString(), title: dated(at) }, hour(at))));
  const drawn = element("div", { className: "message", dataset: { message: first.message_id } },
    isGone ? bubble : element("div", { className: "beside" }, bubble, deeds(phone, first, isMine)),
    isGone ? "" : inline(phone, first));
  drawn.classList.toggle("mine", isMine);
  drawn.classList.toggle("gone", isGone);
  return drawn;
}

function deeds(phone, message, isMine) {
  const items = [button("↩", () => phone.answer(message), { title: say("reply"), ariaLabel: say("reply") })];
  if (isMine) {
    if (message.text ?? message.photo) items.push(button("✎", () => phone.correct(message), { title: say("edit"), ariaLabel: say("edit") }));
    items.push(button("🗑", () => phone.act("delete", { message_id: message.message_id }), { title: say("remove"), ariaLabel: say("remove") }));
  }
  return element("div", { className: "deeds" }, ...items);
}

function drawPhotos(messages) {
  return element("div", { className: messages.length > 1 ? "photos several" : "photos" }, ...messages.map((message) => {
    const photo = message.photo.at(-1);
    const source = `/sandbox/files/${encodeURIComponent(photo.file_id)}`;
    const picture = () => element("img", { src: source, width: photo.width, height: photo.height, alt: message.caption || say("photo") });
    return button(picture(), () => openDialog(say("photo"), () => [picture()], { className: "lightbox" }), { className: "photo", title: say("enlarge") });
  }));
}

function otherMedia(message) {
  const { voice, sticker, document: file, location: place, contact } = message;
  const drawn = [];
  const source = (one) => `/sandbox/files/${encodeURIComponent(one.file_id)}`;
  if (voice) drawn.push(element("audio", { src: source(voice), controls: true, preload: "none", ariaLabel: `${say("voice")} ${voice.duration}″` }));
  if (sticker) drawn.push(element("div", { className: "sticker" }, sticker.emoji ?? "▢"));
  if (file) drawn.push(element("a", { className: "file", href: source(file), download: file.file_name ?? "" }, `📄 ${file.file_name ?? say("document")}`));
  if (place) drawn.push(element("div", { className: "fact" }, `📍 ${place.latitude}, ${place.longitude}`));
  if (contact) drawn.push(element("div", { className: "fact" }, `📇 ${contact.first_name} ${contact.phone_number}`));
  return drawn;
}

function inline(phone, message) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (!rows.length) return "";
  return element("div", { className: "inline" }, ...rows.map((row) => element("div", { className: "row" }, ...row.map((one) => {
    const press = (event) => {
      event.currentTarget.classList.add("pressed");
      return phone.press(message.message_id, one.callback_data);
    };
    const open = () => { if (!phone.follow(one.url) && isSafe(one.url)) window.open(one.url, "_blank", "noopener"); };
    return one.url ? button(one.text, open, { className: "link" }) : button(one.text, press);
  }))));
}

// Entities count in UTF-16 units, as JavaScript's strings do; outer ones come first.
function formatted(phone, text, entities) {
  const fragment = document.createDocumentFragment();
  const rest = [...entities];
  let at = 0;
  while (rest.length) {
    const entity = rest.shift();
    if (entity.offset < at) continue;
    const end = entity.offset + entity.length;
    const inner = [];
    while (rest.length && rest[0].offset < end) {
      const { offset, ...other } = rest.shift();
      inner.push({ ...other, offset: offset - entity.offset });
    }
    const piece = text.slice(entity.offset, end);
    const made = drawEntity(phone, entity, piece);
    made.append(formatted(phone, piece, inner));
    fragment.append(text.slice(at, entity.offset), made);
    at = end;
  }
  fragment.append(text.slice(at));
  return fragment;
}

function drawEntity(phone, entity, text) {
  const link = { text_link: entity.url, url: text, email: `mailto:${text}`, phone_number: `tel:${text}` }[entity.type];
  if (link) {
    const onclick = (event) => { if (phone.follow(link) || !isSafe(link)) event.preventDefault(); };
    return element("a", { href: isSafe(link) ? link : "#", target: "_blank", rel: "noopener noreferrer", onclick });
  }
  if (entity.type === "bot_command") {
    return element("a", { href: "#", onclick: (event) => { event.preventDefault(); phone.act("text", { text }); } });
  }
  if (entity.type === "spoiler") return element("span", { className: "spoiler", tabIndex: 0 });
  return document.createElement(TAGS[entity.type] ?? "span");
}
