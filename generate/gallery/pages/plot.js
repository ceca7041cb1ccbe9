// Spectrograms between their axes, and their audio.
"use strict";

/** An image by its file; a note in its place if the file is missing. */
function imageFile(source, label) {
  const image = element("img", { src: source, loading: "lazy", alt: label });
  image.addEventListener("error", () => {
    image.replaceWith(element("p", { class: "absent soft small", title: label }, "This image is missing."));
  });
  return image;
}

/**
 * An image (or canvas) between its axes, or bare; boxes are [left, right, bottom, top, text], as fractions of it. Frequencies
 * that are closer than `apart`, a fraction too, are left out.
 */
function plot(image, { boxes = [], isBare = false, apart = 0.05 } = {}) {
  let last = -1;
  const rows = data.frequency_marks.filter(([, place]) => { const isFree = place - last >= apart; if (isFree) last = place; return isFree; }).map(([value, place]) =>
    element("span", { style: `bottom: ${100 * place}%` }, hertz(value)));
  const columns = data.time_marks.map(([value, place], k) =>
    element("span", { style: `left: ${100 * place}%` }, k === data.time_marks.length - 1 ? `${value} s` : `${value}`));
  return element("div", { class: `plot${isBare ? " bare" : ""}` },
    isBare ? null : element("div", { class: "hertz", "aria-hidden": "true" }, ...rows),
    element("div", { class: "framed" }, image, ...boxes.map(box)),
    element("div", { class: "seconds", "aria-hidden": "true" }, ...columns));
}

function box([left, right, bottom, top, text]) {
  const at = `left: ${100 * left}%; right: ${100 * (1 - right)}%; bottom: ${100 * bottom}%; top: ${100 * (1 - top)}%`;
  return element("div", { class: "event", style: at, title: text }, element("span", {}, text));
}

/** The seconds that are played of a recording: what ends in `#t=5,10` from 5 to 10. */
const partOf = (source) => (/#t=([\d.e+-]+),([\d.e+-]+)$/.exec(source) ?? [0, 0, Infinity]).slice(1).map(Number);

/** An audio player; nothing is loaded before it is pressed, and only one plays at a time. */
function player(source, label) {
  const [, to] = partOf(source);
  const audio = element("audio", { controls: true, preload: "none", src: source, "aria-label": label });
  audio.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
  });
  audio.addEventListener("timeupdate", () => { if (!audio.paused && audio.currentTime >= to) audio.pause(); });
  audio.addEventListener("error", () => {
    audio.replaceWith(element("p", { class: "soft small" }, "This audio file cannot be played from here."));
  });
  return audio;
}

/**
 * A line that runs through a plot while its audio plays; a press on the image plays from there. The image shows the part
 * that is played, after `before` seconds of padding.
 */
function followed(shown, audio, { before = 0 } = {}) {
  const [from] = partOf(audio.getAttribute("src"));
  const frame = shown.querySelector(".framed"), line = element("i", { class: "playhead", hidden: true });
  const draw = () => {
    line.style.left = `${Math.min(100, 100 * (before + audio.currentTime - from) / data.seconds)}%`;
    if (!audio.paused) requestAnimationFrame(draw);
  };
  for (const kind of ["play", "seeked"]) audio.addEventListener(kind, () => { line.hidden = false; draw(); });
  audio.addEventListener("ended", () => { line.hidden = true; });
  frame.classList.add("is-played");
  frame.append(line);
  frame.addEventListener("click", (event) => {
    const place = from + Math.max(0, data.seconds * event.offsetX / frame.clientWidth - before);
    const start = () => { audio.currentTime = Math.min(place, audio.duration - 0.05); };
    if (audio.readyState) start();
    else audio.addEventListener("loadedmetadata", start, { once: true });
    audio.play().catch(() => {});
  });
  return shown;
}

/** Plots in rows of equal length; see plot.css. */
const inRows = (figures, more = "") => element("div", { class: `plots ${more}`, style: `--n: ${figures.length}; --half: ${figures.length > 3 ? Math.ceil(figures.length / 2) : Math.max(2, figures.length)}` }, ...figures);
