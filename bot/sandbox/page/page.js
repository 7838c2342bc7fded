// The page: the clock, new people and groups, and which phones are on the desk.

import { Phone } from "./phone.js";
import { Town, post, say } from "./state.js";

const FIRST = 4; // phones at the first visit
const KEPT = "phones";
const CLOCK = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium", hour12: false });

const town = new Town();
const desk = document.getElementById("phones");
const trouble = document.getElementById("trouble");
let phones = [];

for (const labelled of document.querySelectorAll("[data-say]")) labelled.textContent = say(labelled.dataset.say);
for (const hinted of document.querySelectorAll("[data-hint]")) {
  hinted.placeholder = say(hinted.dataset.hint);
  hinted.ariaLabel = hinted.placeholder;
}

const complain = (text) => { trouble.textContent = text; trouble.hidden = !text; };

async function ask(path, data) {
  try {
    complain("");
    const said = await post(path, data);
    await town.fetch(0);
    return said;
  } catch (problem) {
    complain(problem.message);
    return null;
  }
}

function keep() {
  phones = phones.filter((phone) => phone.root.isConnected);
  localStorage.setItem(KEPT, JSON.stringify(phones.map(({ viewer, chat }) => ({ viewer, chat }))));
}

function place(viewer, chat) {
  const phone = new Phone(town, viewer, chat, keep);
  phones.push(phone);
  desk.append(phone.root);
  keep();
}

document.getElementById("new-person").onsubmit = async (event) => {
  event.preventDefault();
  const name = event.target.elements.name;
  const made = await ask("users", { first_name: name.value, language_code: navigator.language });
  if (made) { name.value = ""; place(made.id, made.id); }
};

document.getElementById("new-group").onsubmit = async (event) => {
  event.preventDefault();
  const title = event.target.elements.title;
  const members = [...new Set(phones.map((phone) => phone.viewer))];
  if (!members.length) { complain(say("nobody")); return; }
  const made = await ask("groups", { title: title.value, members });
  if (made) { title.value = ""; place(members[0], made.id); }
};

document.getElementById("new-phone").onclick = () => {
  const shown = new Set(phones.map((phone) => phone.viewer));
  const person = town.people.find(({ id }) => !shown.has(id)) ?? town.people[0];
  if (person) place(person.id, person.id); else complain(say("nobody"));
};

for (const button of document.querySelectorAll(".clock button")) {
  const { by, to } = button.dataset;
  button.onclick = () => ask("clock", to ? { to } : { by: Number(by) });
}
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(".more[open]")) if (!menu.contains(target)) menu.open = false;
});
const showClock = () => { document.getElementById("clock").textContent = CLOCK.format(town.now()); };

await town.fetch(0).catch(() => complain(say("offline")));
showClock();
setInterval(showClock, 500);
const remembered = JSON.parse(localStorage.getItem(KEPT) ?? "[]").filter(({ viewer, chat }) => town.chatsOf(viewer).some(({ id }) => id === chat));
const first = town.people.slice(0, FIRST).map(({ id }) => ({ viewer: id, chat: id }));
for (const { viewer, chat } of remembered.length ? remembered : first) place(viewer, chat);
town.follow(complain);
