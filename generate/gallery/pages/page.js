// Common to all pages. All text goes in as text, never as HTML: names may hold anything.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const find = (id) => document.getElementById(id);

/** An element with attributes and children; a child that is no element is text. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** A relative path as an address; names of folders and clips may hold `#`, `?` and `%`. */
const address = (...parts) => "./" + parts.map((part) => part.split("/").map(encodeURIComponent).join("/")).join("/");

/** Such as "1 clip", "2,400 images", "10 classes". */
function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

const hertz = (value) => (value >= 1000 ? `${value / 1000} kHz` : `${value} Hz`);

/** A path as a word of a command. */
const quoted = (path) => (/^[\w./+=:@,-]+$/.test(path) ? path : /["$`\\!]/.test(path) ? `'${path.replaceAll("'", "'\\''")}'` : `"${path}"`);

/** The folder in which this page lies, or one beside it, as a word of a command. */
function folderOfPage(beside = "") {
  const path = decodeURIComponent(new URL(address(beside || "."), location.href).pathname).replace(/(.)\/$/, "$1");
  return quoted(/^\/[A-Za-z]:/.test(path) ? path.slice(1) : path);  // a drive of Windows
}

const command = (text) => element("code", { class: "command" }, text);

/** Findings with what to do about each. */
function findingsList(findings) {
  const tone = { ok: "good", warning: "warn", missing: "bad" };
  return findings.map(([status, what, fix]) => element("li", {},
    element("b", { class: tone[status] || "" }, status === "ok" ? "ok" : "check"), element("span", {}, what),
    fix ? element("span", { class: "fix" }, fix) : null));
}

/** Fill a select element with options of [value, text]. */
function options(id, pairs) {
  find(id).append(...pairs.map(([value, text]) => element("option", { value }, text)));
}

/** Whether a key press belongs to the field that has the focus. */
const isTyping = (event) => /^(INPUT|SELECT|TEXTAREA|AUDIO)$/.test(event.target.tagName);

/** Show again soon after any field of a form changes, and when it is reset. */
function onFilter(form, show, onReset = () => {}) {
  let waiting;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(show, 60); };
  for (const field of form.querySelectorAll("input")) field.addEventListener("input", soon);
  for (const field of form.querySelectorAll("select")) field.addEventListener("change", soon);
  form.addEventListener("reset", () => setTimeout(() => { onReset(); show(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const search = form.querySelector("input[type=search]");
    if (event.key === "/" && search && !isTyping(event) && !document.querySelector("dialog[open]")) { event.preventDefault(); search.focus(); }
  });
}
