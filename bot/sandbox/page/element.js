// Small things every part needs: labels, elements, dialogs. Whatever people wrote enters the page as text nodes.

const LABELS = JSON.parse(document.getElementById("labels").textContent);
export const LANGUAGE = document.documentElement.lang;
export const say = (key) => LABELS[key] ?? key;

export function element(tag, properties = {}, ...children) {
  const { dataset, ...plain } = properties;
  const made = Object.assign(document.createElement(tag), plain);
  if (dataset) Object.assign(made.dataset, dataset);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export const button = (label, onclick, properties = {}) =>
  element("button", { type: "button", onclick, ...properties }, label);

// A window over the page, gone when it is closed; `fill` gets a function that closes it.
export function openDialog(title, fill, properties = {}) {
  const dialog = element("dialog", { ariaLabel: title, ...properties });
  const close = () => dialog.close();
  dialog.onclose = () => dialog.remove();
  dialog.onclick = (event) => { if (event.target === dialog) close(); };
  dialog.append(
    element("div", { className: "dialog-top" }, element("h2", {}, title), button("×", close, { className: "plain", ariaLabel: say("close") })),
    ...fill(close),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export const base64 = (file) => new Promise((done, fail) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => fail(reader.error);
  reader.readAsDataURL(file);
});

const format = (options) => new Intl.DateTimeFormat(LANGUAGE, { timeZone: "Asia/Shanghai", hour12: false, ...options });
const HOUR = format({ hour: "2-digit", minute: "2-digit" });
const DAY = format({ month: "numeric", day: "numeric" });
const MOMENT = format({ month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });
const CLOCK = format({ month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const hour = (moment) => HOUR.format(moment);
export const day = (moment) => DAY.format(moment);
export const dated = (moment) => MOMENT.format(moment);
export const clockFace = (moment) => CLOCK.format(moment);
