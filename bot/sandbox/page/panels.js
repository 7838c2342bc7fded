// Around the phones: the clock, the bot and its faults, the stories, and what goes on behind the curtain.

import { button, clockFace, dated, element, openDialog, say } from "./element.js";
import { get, post } from "./state.js";

const byId = (id) => document.getElementById(id);
const FAULTS = { slow: "slow", flood: "flood", down: "down", offline: "offlineFault", lost: "lost" };
const LIVE = 1000; // milliseconds between two looks behind the curtain
const UI_LANGUAGE = () => byId("language").value;

const inMyLanguage = (texts) => texts?.[UI_LANGUAGE()] ?? texts?.zh_CN ?? "";

export class Panels {
  // `ask(path, data)` posts and says what went wrong; `meet(viewer, chat)` brings a phone forward.
  constructor(town, ask, meet) {
    Object.assign(this, { town, ask, meet });
    for (const one of document.querySelectorAll("#jumps button")) {
      const { by, to } = one.dataset;
      one.onclick = () => this.moveClock(to ? { to } : { by: Number(by) });
    }
    byId("pause").onclick = () => ask("clock", { paused: !town.isPaused });
    byId("faults").onclick = () => this.showFaults();
    byId("scenes").onclick = () => this.showScenes();
    this.curtain = new Curtain();
    byId("curtain-toggle").onclick = () => this.curtain.toggle();
    town.watchers.add(() => this.refresh());
    setInterval(() => this.showTime(), 500);
    this.refresh();
  }

  showTime() {
    byId("clock").textContent = clockFace(this.town.now());
    byId("clock").dateTime = this.town.now().toISOString();
  }

  async moveClock(data) {
    this.isJumping = true;
    this.refresh();
    await this.ask("clock", data);
    this.isJumping = false;
    this.refresh();
  }

  refresh() {
    const { host, isPaused, faults } = this.town;
    this.showTime();
    const isMoving = Boolean(this.isJumping || host?.is_moving);
    for (const one of document.querySelectorAll("#jumps button")) one.disabled = isMoving;
    byId("clock").classList.toggle("moving", isMoving);
    byId("clock").title = isMoving ? say("moving") : say("clock");
    const pause = byId("pause");
    pause.ariaPressed = String(isPaused);
    pause.textContent = isPaused ? "▶" : "⏸";
    pause.title = say(isPaused ? "resume" : "pause");
    pause.ariaLabel = pause.title;
    const lamp = byId("bot-state");
    lamp.className = `lamp ${host?.bot ?? "none"}${faults.length ? " faulty" : ""}`;
    lamp.title = say(stateOf(host));
    byId("scenes").hidden = !host?.scenes.length;
    byId("curtain-toggle").hidden = !host;
    this.drawScene();
    this.refreshFaults?.();
  }

  // ---- the bot and its faults

  showFaults() {
    const state = element("p", { role: "status" });
    const boxes = Object.entries(FAULTS).map(([name, label]) => {
      const box = element("input", { type: "checkbox", name, onchange: () => this.ask(`faults/${name}`, { on: box.checked }) });
      return [box, element("label", { className: "tick" }, box, element("span", {}, say(label)))];
    });
    openDialog(say("faults"), () => [
      state,
      this.town.host ? button(say("kill"), () => this.ask("bot/kill"), { className: "danger" }) : "",
      this.town.host ? element("p", { className: "hint" }, say("killHint")) : "",
      element("h3", {}, say("faultsHint")),
      ...boxes.map(([, label]) => label),
    ]);
    this.refreshFaults = () => {
      if (!state.isConnected) { this.refreshFaults = null; return; }
      const { host, faults } = this.town;
      state.textContent = say(stateOf(host)) + (host?.kills ? ` · ${say("killed")}: ${host.kills}` : "");
      for (const [box] of boxes) box.checked = faults.includes(box.name);
    };
    this.refreshFaults();
  }

  // ---- stories

  showScenes() {
    openDialog(say("scenes"), (close) => [
      element("p", { className: "hint" }, say("scenesHint")),
      element("div", { className: "choices" }, ...[...this.town.host.scenes, { name: "", title: null }].map(({ name, title }) =>
        button(title ? inMyLanguage(title) : say("freePlay"), () => { close(); this.openScene(name); }))),
    ]);
  }

  async openScene(name) {
    const bar = byId("scene");
    bar.hidden = false;
    bar.replaceChildren(element("p", {}, say("opening")));
    this.drawn = "";
    if (!await this.ask("scene", { name, language: UI_LANGUAGE() })) this.drawScene(true);
  }

  async nextStep() {
    this.isStepping = true;
    this.drawScene();
    await this.ask("scene/next");
    this.isStepping = false;
    this.drawScene();
  }

  drawScene() {
    const scene = this.town.host?.scene;
    const bar = byId("scene");
    const isBusy = Boolean(scene?.is_busy || this.isStepping);
    const drawn = JSON.stringify([scene, isBusy]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    bar.hidden = !scene;
    if (!scene) { bar.replaceChildren(); return; }
    const isOver = scene.done >= scene.steps;
    if (scene.who && !isBusy) this.meet(scene.who, scene.chat || scene.who);
    const hadFocus = bar.contains(document.activeElement);
    const next = button(isBusy ? say("working") : say("next"), () => this.nextStep(), { disabled: isBusy, className: "next" });
    bar.replaceChildren(
      element("div", { className: "story" },
        element("b", {}, `${inMyLanguage(scene.title)} · ${Math.min(scene.done + 1, scene.steps)}/${scene.steps}`),
        element("p", {}, inMyLanguage(scene.says) || say("over")),
        scene.problem ? element("p", { className: "problem" }, scene.problem) : ""),
      element("div", { className: "buttons" },
        isOver ? "" : next,
        button(say("again"), () => this.openScene(scene.name), { disabled: isBusy }),
        button(say("leave"), () => this.openScene(""), { disabled: isBusy })),
    );
    if (hadFocus) (bar.querySelector("button:not(:disabled)") ?? bar).focus();
  }
}

const stateOf = (host) => (host ? { running: "botRunning", starting: "botStarting", down: "botDown" }[host.bot] : "botAlone");

// Behind the curtain: the bot's tables and its calls, looked at again every second while it is open.
class Curtain {
  constructor() {
    this.panel = byId("curtain");
    this.toggler = byId("curtain-toggle");
    this.tab = "issues";
    this.issue = null;
    this.calls = [];
  }

  get isOpen() { return !this.panel.hidden; }

  toggle() {
    this.panel.hidden = this.isOpen;
    this.toggler.ariaPressed = String(this.isOpen);
    if (!this.isOpen) { clearInterval(this.looking); return; }
    this.content = element("div", { className: "rows", tabIndex: 0, role: "tabpanel" });
    this.tabs = element("div", { className: "tabs", role: "tablist", ariaLabel: say("curtain") },
      ...["issues", "inbox", "outbox", "dues", "calls"].map((name) =>
        button(say(name), () => { this.tab = name; this.drawn = ""; this.look(); }, { role: "tab", dataset: { tab: name } })));
    this.panel.replaceChildren(
      element("div", { className: "dialog-top" }, element("h2", {}, say("curtain")), button("×", () => this.toggle(), { className: "plain", ariaLabel: say("close") })),
      element("p", { className: "hint" }, say("curtainHint")), this.tabs, this.content);
    this.drawn = "";
    this.look();
    this.looking = setInterval(() => this.look(), LIVE);
  }

  async look() {
    if (document.hidden) return;
    const { tab: asked, issue } = this;
    for (const tab of this.tabs.children) tab.ariaSelected = String(tab.dataset.tab === asked);
    try {
      const last = () => this.calls.at(-1)?.number ?? 0;
      const seen = await get(asked === "calls" ? `calls?after=${last()}` : `curtain${issue ? `?issue=${issue}` : ""}`);
      if (asked !== this.tab || issue !== this.issue) return; // another look is on its way
      if (asked === "calls") {
        this.calls = [...this.calls, ...seen.calls.filter(({ number }) => number > last())].slice(-100);
        this.draw([...this.calls].reverse(), drawCall);
      }
      if (asked === "inbox") this.draw(seen.inbox, drawLetter);
      if (asked === "outbox") this.draw(seen.outbox, drawMail);
      if (asked === "dues") this.draw([...seen.dues, ...seen.notices], drawDue);
      if (asked === "issues") this.drawIssues(seen);
    } catch (problem) {
      this.content.replaceChildren(element("p", { className: "problem" }, problem.message));
      this.drawn = "";
    }
  }

  draw(rows, one) {
    const drawn = JSON.stringify([this.tab, rows]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const open = new Set([...this.content.querySelectorAll("details[open]")].map(({ dataset }) => dataset.key));
    this.content.replaceChildren(...(rows.length ? rows.map((row) => one(row, open)) : [element("p", { className: "hint" }, say("nothing"))]));
  }

  drawIssues({ issues, history }) {
    const one = (issue) => button(element("b", {}, issue.number), () => { this.issue = issue.id; this.look(); },
      { className: issue.id === this.issue ? "row-line chosen" : "row-line", ariaPressed: String(issue.id === this.issue) });
    this.draw([{ issues, history, chosen: this.issue }], () => element("div", {},
      ...(issues.length ? issues.map((issue) => {
        const made = one(issue);
        made.append(" ", element("span", {}, `${issue.category} · ${issue.handler}`), element("span", { className: `state ${issue.state}` }, issue.state));
        return made;
      }) : [element("p", { className: "hint" }, say("nothing"))]),
      issues.length ? element("h3", {}, history.length ? say("history") : say("pickIssue")) : "",
      element("ol", { className: "history" }, ...history.map((event) => element("li", {},
        element("time", {}, dated(new Date(event.at))), " ", element("b", {}, event.action), ` ${event.who || "⏰"} `,
        event.from === event.to ? "" : element("span", { className: "state" }, `${event.from} → ${event.to}`),
        event.text ? element("div", {}, event.text) : "")))));
  }
}

const line = (state, ...parts) => element("div", { className: "row-line" }, ...parts, state ? element("span", { className: `state ${state}` }, state) : "");
const at = (moment) => element("time", {}, dated(new Date(moment)));

const drawLetter = (row) => line(row.state, at(row.received_at), ` #${row.update_id} `, element("b", {}, row.kind ?? ""), ` ← ${row.sender}`);
const drawMail = (row) => line(row.state, at(row.created_at), ` `, element("b", {}, row.lane), ` ${row.intent} → ${row.chat}`,
  row.attempts > 1 ? ` ×${row.attempts}` : "", row.text ? element("div", { className: "gist" }, row.text) : "", row.error ? element("div", { className: "problem" }, row.error) : "");
const drawDue = (row) => line("", at(row.due_at ?? row.release_at), " ", element("b", {}, row.number), ` ${row.kind ?? row.topic} ${row.stage ?? ""} ${row.person ?? ""}`);

function drawCall(call, open) {
  const key = String(call.number);
  return element("details", { className: "call", dataset: { key }, open: open.has(key) },
    element("summary", {}, at(call.at), " ", element("b", {}, call.method), element("span", { className: `state ${call.ok ? "sent" : "buried"}` }, call.ok ? "ok" : String(call.answer?.error_code ?? "×"))),
    element("pre", {}, JSON.stringify(call.parameters, null, 1)), element("pre", {}, JSON.stringify(call.answer, null, 1)));
}
