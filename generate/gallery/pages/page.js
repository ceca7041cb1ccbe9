// Common to the pages of both stages. All text goes in as text, never as HTML: names may hold anything.
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
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

/** A relative path as an address; names of folders and clips may hold `#`, `?` and `%`. */
const address = (...parts) => "./" + parts.map((part) => part.split("/").map(encodeURIComponent).join("/")).join("/");

/** Such as "1 clip", "2,400 images", "10 classes". */
function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

const hertz = (value) => (value >= 1000 ? `${value / 1000} kHz` : `${value} Hz`);

/** An image by its file; a note in its place if the file is missing. */
function imageFile(source, label) {
  const image = element("img", { src: source, loading: "lazy", alt: label });
  image.addEventListener("error", () => {
    image.replaceWith(element("p", { class: "absent soft small", title: label }, "This image is missing."));
  });
  return image;
}

/** An image (or canvas) between its axes; boxes are [left, right, bottom, top, text], as fractions of it. */
function plot(image, boxes = []) {
  const rows = data.frequency_marks.map(([value, place]) =>
    element("span", { style: `bottom: ${100 * place}%` }, hertz(value)));
  const columns = data.time_marks.map(([value, place], k) =>
    element("span", { style: `left: ${100 * place}%` }, k === data.time_marks.length - 1 ? `${value} s` : `${value}`));
  return element("div", { class: "plot" },
    element("div", { class: "hertz", "aria-hidden": "true" }, ...rows),
    boxes.length ? element("div", { class: "framed" }, image, ...boxes.map(box)) : image,
    element("div", { class: "seconds", "aria-hidden": "true" }, ...columns));
}

function box([left, right, bottom, top, text]) {
  const at = `left: ${100 * left}%; right: ${100 * (1 - right)}%; bottom: ${100 * bottom}%; top: ${100 * (1 - top)}%`;
  return element("div", { class: "event", style: at, title: text }, element("span", {}, text));
}

/** An audio player; nothing is loaded before it is pressed, and only one plays at a time. */
function player(source, label) {
  const audio = element("audio", { controls: true, preload: "none", src: source, "aria-label": label });
  audio.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
  });
  audio.addEventListener("error", () => {
    audio.replaceWith(element("p", { class: "soft small" }, "This audio file cannot be played from here."));
  });
  return audio;
}

/** Findings with what to do about each. */
function findingsList(findings) {
  const tone = { ok: "good", warning: "warn", missing: "bad" };
  return findings.map(([status, what, fix]) => element("li", {},
    element("b", { class: tone[status] || "" }, status === "ok" ? "ok" : "check"), what,
    fix ? element("span", { class: "fix" }, fix) : null));
}

/** Fill a select element with options of [value, text]. */
function options(id, pairs) {
  find(id).append(...pairs.map(([value, text]) => element("option", { value }, text)));
}

/** Whether a key press belongs to the field that has the focus. */
const isTyping = (event) => /^(INPUT|SELECT|TEXTAREA|AUDIO)$/.test(event.target.tagName);
