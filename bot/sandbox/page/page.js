// The page: which phones lie on the desk, and what stands around them.

import { showAdd } from "./dialogs.js";
import { button, element, say } from "./element.js";
import { Panels } from "./panels.js";
import { Phone } from "./phone.js";
import { Town, post } from "./state.js";

const FIRST = 4; // phones at the first visit
const KEPT = "phones";

const byId = (id) => document.getElementById(id);
const town = new Town();
const desk = byId("phones");
let phones = [];
let active = null;

function complain(text) {
  byId("trouble").textContent = text;
  byId("trouble").hidden = !text;
}

async function ask(path, data) {
  try {
    complain("");
    return await post(path, data);
  } catch (problem) {
    complain(problem.message);
    return null;
  }
}

// ---- phones

function keep() {
  phones = phones.filter((phone) => phone.root.isConnected);
  if (!phones.includes(active)) active = phones.at(-1) ?? null;
  localStorage.setItem(KEPT, JSON.stringify({ world: world(), phones: phones.map(({ viewer, chat }) => ({ viewer, chat })) }));
  drawTabs();
}

const world = () => town.host?.scene?.name ?? "";

function place(viewer, chat) {
  const phone = new Phone(town, viewer, chat, keep);
  phones.push(phone);
  desk.querySelector(":scope > .empty")?.remove();
  desk.append(phone.root);
  bringForward(phone);
  keep();
}

function bringForward(phone) {
  active = phone;
  for (const one of phones) one.root.classList.toggle("active", one === phone);
  phone.root.scrollIntoView({ inline: "nearest", block: "nearest" });
  phone.stay();
  phone.markRead();
  drawTabs();
}

// Brings the phone of this person to the front, on this chat.
function meet(viewer, chat) {
  const phone = phones.find((one) => one.viewer === viewer);
  for (const one of phones) one.root.classList.toggle("acting", one === phone);
  if (!phone) { place(viewer, chat); phones.at(-1).root.classList.add("acting"); return; }
  if (phone.chat !== chat) phone.look(viewer, chat);
  bringForward(phone);
}

function drawTabs() {
  const tabs = phones.map((phone) => {
    const unread = phone === active ? 0 : town.unreadOf(phone.viewer);
    const name = phone.owner.title;
    const tab = button(name, () => bringForward(phone), { role: "tab", ariaSelected: String(phone === active), ariaLabel: unread ? `${name}, ${unread} ${say("unread")}` : name });
    if (unread) tab.append(element("span", { className: "badge", ariaHidden: "true" }, String(unread)));
    return tab;
  });
  const focused = [...byId("tabs").children].indexOf(document.activeElement);
  byId("tabs").replaceChildren(...tabs);
  tabs[focused]?.focus();
  for (const one of phones) one.root.classList.toggle("active", one === active);
  if (!phones.length) desk.replaceChildren(element("p", { className: "empty" }, say("noPhones")));
}

// ---- start

byId("tools-toggle").onclick = ({ currentTarget }) => {
  const isOpen = byId("tools").classList.toggle("open");
  currentTarget.ariaExpanded = String(isOpen);
};
byId("add").onclick = () => showAdd(town, place);
byId("language").onchange = ({ target }) => {
  document.cookie = `language=${target.value}; path=/; max-age=31536000; samesite=strict`;
  location.reload();
};
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(".more[open]")) if (!menu.contains(target)) menu.open = false;
});
document.addEventListener("visibilitychange", () => phones.forEach((phone) => phone.markRead()));

await town.listen(complain);
const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
const known = kept.world === world() ? (kept.phones ?? []) : [];
const remembered = known.filter(({ viewer, chat }) => town.chats.has(viewer) && (chat === 0 || town.chatsOf(viewer).some(({ id }) => id === chat)));
const first = town.people.slice(0, FIRST).map(({ id }) => ({ viewer: id, chat: id }));
for (const { viewer, chat } of remembered.length ? remembered : first) place(viewer, chat);
if (phones.length) bringForward(phones[0]);
new Panels(town, ask, meet);
drawTabs();
town.watchers.add(drawTabs);
