// Windows over the page: somebody new, a new group, a chat's members, links and posters.

import { base64, button, element, openDialog, say } from "./element.js";
import { get, post } from "./state.js";

const PHONE_LANGUAGES = [["zh-hans", "简体中文"], ["zh-hant", "繁體中文"], ["en", "English"]];

const field = (label, input) => element("label", { className: "field" }, element("span", {}, label), input);
const tick = (label, input) => element("label", { className: "tick" }, input, element("span", {}, label));

// A form whose mistakes are said inside it.
function form(onsubmit, ...parts) {
  const problem = element("p", { className: "problem", role: "alert", hidden: true });
  return element("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      try { await onsubmit(event.target.elements); } catch (no) { problem.textContent = no.message; problem.hidden = false; }
    },
  }, ...parts, problem);
}

// `place(viewer, chat)` puts a phone on the desk.
export function showAdd(town, place) {
  openDialog(say("add"), (close) => {
    const existing = element("select", { name: "person", ariaLabel: say("addExisting") }, ...town.people.map(({ id, title }) => element("option", { value: id }, title)));
    const language = element("select", { name: "language" }, ...PHONE_LANGUAGES.map(([value, name]) => element("option", { value }, name)));
    const members = town.people.map(({ id, title }) => tick(title, element("input", { type: "checkbox", name: "member", value: id })));
    const made = async (id, viewer) => { await town.knows(id); close(); place(viewer, id); };
    return [
      form(async ({ person }) => { close(); place(Number(person.value), Number(person.value)); },
        element("h3", {}, say("addExisting")), existing, element("button", {}, say("show"))),
      form(async ({ first, last, language: chosen }) => {
        const { id } = await post("users", { first_name: first.value, last_name: last.value, language_code: chosen.value });
        await made(id, id);
      }, element("h3", {}, say("addPerson")),
      field(say("name"), element("input", { name: "first", required: true, maxLength: 64, autocomplete: "off" })),
      field(say("surname"), element("input", { name: "last", maxLength: 64, autocomplete: "off" })),
      field(say("phoneLanguage"), language), element("button", {}, say("create"))),
      form(async (elements) => {
        const chosen = [...elements].filter(({ name, checked }) => name === "member" && checked).map(({ value }) => Number(value));
        if (!chosen.length) throw new Error(say("members"));
        const { id } = await post("groups", { title: elements.title.value, members: chosen, supergroup: elements.supergroup.checked, bot: elements.bot.checked });
        await made(id, chosen[0]);
      }, element("h3", {}, say("addGroup")),
      field(say("groupTitle"), element("input", { name: "title", required: true, maxLength: 128, autocomplete: "off" })),
      element("fieldset", { className: "members" }, element("legend", {}, say("members")), ...members),
      tick(say("withBot"), element("input", { type: "checkbox", name: "bot", checked: true })),
      tick(say("isSupergroup"), element("input", { type: "checkbox", name: "supergroup" })),
      element("button", {}, say("create"))),
    ];
  });
}

// What may be done with the chat on this phone.
export function showInfo(phone) {
  const { room, town } = phone;
  openDialog(phone.roomName(room), (close) => {
    const run = (work) => async () => {
      try { await work(); close(); } catch (no) { close(); phone.complain(no); }
    };
    if (room.kind === "private") {
      const verb = room.blocked ? "unblock" : "block";
      return [element("p", {}, `@${town.bot.username}`), button(say(verb), run(() => post(`users/${phone.viewer}/${verb}`)))];
    }
    const group = (verb, member) => run(() => post(`groups/${room.id}/${verb}`, { by: phone.viewer, ...(member ? { member } : {}) }));
    const isIn = ["member", "administrator"].includes(room.bot);
    const isAdmin = room.bot === "administrator";
    const rows = room.members.map((id) => element("li", {},
      element("span", {}, town.chats.get(id)?.title ?? String(id)),
      element("small", {}, room.roles[id] === "member" ? "" : say(room.roles[id])),
      room.roles[id] === "member" ? button(say("promote"), group("promote", id)) : "",
      id === phone.viewer ? "" : button(say("removeMember"), group("remove", id))));
    const others = town.people.filter(({ id }) => !room.members.includes(id));
    const other = element("select", { ariaLabel: say("addMember") }, ...others.map(({ id, title }) => element("option", { value: id }, title)));
    return [
      element("p", {}, say(isAdmin ? "botAdmin" : isIn ? "botIn" : "botOut")),
      element("div", { className: "buttons" },
        isIn ? button(say("removeBot"), group("remove_bot")) : button(say("addBot"), group("add_bot")),
        isIn ? button(say(isAdmin ? "demoteBot" : "promoteBot"), group(isAdmin ? "demote_bot" : "promote_bot")) : "",
        room.kind === "group" && !room.migrated_to ? button(say("upgrade"), group("upgrade")) : ""),
      element("h3", {}, say("members")), element("ul", { className: "people" }, ...rows),
      others.length ? element("div", { className: "buttons" }, other,
        button(say("addMember"), (event) => group("add", Number(other.value))(event))) : "",
    ];
  });
}

// Open a link on this phone: pasted, from a poster at a door, or out of a picture of its code.
export function showDoors(phone) {
  const payloadOf = (link) => (/[?&]start=([^&]*)/.exec(link)?.[1] ?? link).trim();
  openDialog(say("link"), (close) => {
    const go = (payload) => { close(); phone.openLink(payload); };
    const doors = element("div", { className: "buttons doors" });
    get("doors").then(({ doors: all }) => {
      doors.append(...all.map(({ name, payload }) => button(name, () => go(payload))));
      if (all.length) doors.before(element("h3", {}, say("door")));
    }).catch(() => {}); // there is no compound beside this sandbox
    const scanned = element("input", { type: "file", accept: "image/*", ariaLabel: say("scanFile") });
    return [
      form(async ({ link }) => go(payloadOf(link.value)),
        field(say("linkHint"), element("input", { name: "link", required: true, autocomplete: "off" })), element("button", {}, say("open"))),
      doors,
      form(async ({ picture }) => {
        const { text } = await post("scan", { content: await base64(picture.files[0]) });
        if (/[?&]start=/.test(text)) go(payloadOf(text));
        else throw new Error(`${say("scanned")}: ${text}`);
      }, element("h3", {}, say("scanFile")), Object.assign(scanned, { name: "picture", required: true }), element("button", {}, say("open"))),
    ];
  });
}

// Bring the bot into one of this person's groups with a code, as Telegram does for t.me/…?startgroup=….
export function showGroups(phone, payload) {
  const { town, viewer } = phone;
  const groups = town.chatsOf(viewer).filter((room) => room.kind !== "private" && !room.migrated_to);
  openDialog(say("chooseGroup"), (close) => [
    groups.length ? "" : element("p", { className: "hint" }, say("noGroup")),
    element("div", { className: "choices" }, ...groups.map((room) => button(room.title, async () => {
      close();
      try {
        if (!["member", "administrator"].includes(room.bot)) await post(`groups/${room.id}/add_bot`, { by: viewer });
        phone.look(viewer, room.id);
        await phone.act("text", { text: `/start@${town.bot.username} ${payload}` });
      } catch (no) { phone.complain(no); }
    }))),
  ]);
}
