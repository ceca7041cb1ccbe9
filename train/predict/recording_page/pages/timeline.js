// The spectrogram of a recording: strips, zooming, playing, and the boxes of its events.
"use strict";
const NARROW_PX = 34, TINY_PX = 8, MOST_LANES = 4, LETTER_PX = 7.5, FIRST = 12, MOST_ROWS = 300, FINEST = 200, BESIDE = 0.4;  // FIRST, FINEST: pixels a second
const COLOURS = ["#56b4e9", "#f0e442", "#2fd6a0", "#ff8f4d", "#e79bd0", "#9ec1ff", "#ffffff", "#ffc04d", "#b7f06a", "#ff7b8a"];  // light enough for black letters
const audio = find("audio"), scroller = find("scroller"), track = find("track");
const begins = data.begins_at ? Date.parse(`${data.begins_at}Z`) : NaN;  // the recorder's own clock, whatever the reader's zone
const colour = (k) => COLOURS[k % COLOURS.length];
const percent = (p) => `${(100 * p).toFixed(0)} %`;
let scale = 1;              // pixels of the screen for a second
let level = -1;             // whose strips are shown
let position = 0;           // seconds, also where the recording cannot be played
let listed = [], inTime = [], lanes = [], chosen = -1, nRows = 0;  // lanes: of each event

/** Such as 0:05.0, 1:02:05; with tenths where they matter. */
function clock(seconds, tenths = true) {
  const whole = tenths ? Math.round(10 * seconds) / 10 : Math.round(seconds);
  const h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
  return `${h ? `${h}:${String(m).padStart(2, "0")}` : m}:${tenths ? s.toFixed(1).padStart(4, "0") : String(s).padStart(2, "0")}`;
}
const timeOfDay = (seconds) => (Number.isNaN(begins) ? "" : new Date(begins + 1000 * Math.round(seconds)).toISOString().slice(11, 19));

// The head of the page.
document.title = data.name;
find("title").textContent = data.name;
find("summary").textContent = `${data.file}: ${clock(data.seconds)} long, ${count(data.events.length, "event")}` +
  (data.begins_at ? `, recorded from ${data.begins_at.replace("T", " ")}${data.zone ? ` (${data.zone})` : ""} on` : "");
find("notes").replaceChildren(...data.notes.flatMap((note) => [note, element("br")]));
find("made").textContent = `${data.made_by} Thresholds: ` + (data.classes.map((name, k) => `${name} ${percent(data.thresholds[k])}`).join(", ") || "none") + ".";
if (data.begins_at) find("axes").style.setProperty("--ticks", "2.5rem");
find("hertz").append(...data.frequency_marks.map(([value, place]) => element("span", { style: `bottom: ${100 * place}%` }, hertz(value))));

// Strips. The browser loads those that are looked at.
function strips(number, into, x) {
  const { pixel_s, n_px } = data.levels[number];
  const n = Math.ceil(n_px / data.strip_px), made = [];
  for (let k = 0; k < n; k += 1) {
    const left = Math.round(x(k * data.strip_px * pixel_s)), right = Math.round(x(Math.min((k + 1) * data.strip_px, n_px) * pixel_s));
    made.push(element("img", { src: address(data.strips_folder, `${number}-${String(k).padStart(4, "0")}.png`), loading: "lazy", decoding: "async",
      alt: "", draggable: "false", style: `left: ${left}px; width: ${right - left}px` }));
  }
  into.replaceChildren(...made);
}
const levelFor = (perSecond) => {
  for (let k = data.levels.length - 1; k > 0; k -= 1) if (1 / data.levels[k].pixel_s >= 0.7 * perSecond) return k;
  return 0;
};

// Zooming and moving.
const width = () => scroller.clientWidth || 1;
const least = () => width() / data.seconds;
const span = () => width() / scale;
function zoom(wanted, around = null) {
  const middle = around ?? (scroller.scrollLeft / scale + span() / 2);
  const share = around === null ? 0.5 : Math.min(1, Math.max(0, (around * scale - scroller.scrollLeft) / width()));
  scale = Math.min(Math.max(FINEST, least()), Math.max(least(), wanted));
  track.style.width = `${Math.max(width(), Math.floor(data.seconds * scale))}px`;
  level = levelFor(scale);
  strips(level, find("strips"), (s) => s * scale);
  scroller.scrollLeft = middle * scale - share * width();
  draw();
}
const zoomBy = (factor) => zoom(scale * factor, isSeen(position) ? position : null);
const isSeen = (s) => s * scale >= scroller.scrollLeft && s * scale <= scroller.scrollLeft + width();
function bring(s, share = BESIDE) {
  if (!isSeen(s)) scroller.scrollLeft = s * scale - share * width();
}

/** What lies in the part that is shown: boxes, ticks, and that part in the overview. */
function draw() {
  const from = scroller.scrollLeft / scale, to = from + span();
  const places = new Set();  // from afar, one mark stands for the events of a class on the same pixel
  const isNew = (k) => k === chosen || places.size < places.add(`${data.events[k][2]} ${Math.round(data.events[k][0] * scale)}`).size;
  const seen = inTime.filter((k) => data.events[k][1] >= from && data.events[k][0] <= to && isNew(k));
  find("band").replaceChildren(...seen.map((k) => {
    const [start, end, label, peak] = data.events[k], name = data.classes[label], words = `${name} ${percent(peak)}`;
    const left = Math.max(0, (from - start) * scale), wide = (Math.min(end, to) - Math.max(start, from)) * scale;  // what is hidden at the left, and what is seen
    return element("button", { type: "button", tabindex: -1, class: `${k === chosen ? "is-chosen" : ""}${wide < Math.min(NARROW_PX, LETTER_PX * name.length) ? " is-narrow" : ""}`, "data-event": k,
      title: `${words}, ${clock(start)} to ${clock(end)}`, style: `left: ${start * scale}px; width: ${(end - start) * scale}px; padding-left: ${left + 3}px; --lane: ${lanes[k]}; --of-class: ${colour(label)}`,
      onclick: (event) => { event.stopPropagation(); choose(k, true); } }, element("span", {}, words.length * LETTER_PX < wide ? words : name));
  }));
  find("boxes").replaceChildren(...seen.filter((k) => k === chosen || (data.events[k][1] - data.events[k][0]) * scale >= TINY_PX).map((k) =>
    element("div", { class: `found${k === chosen ? " is-chosen" : ""}`, style: `left: ${data.events[k][0] * scale}px; width: ${(data.events[k][1] - data.events[k][0]) * scale}px` })));
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400].find((s) => s * scale >= 80) || 28800;
  const ticks = [];
  for (let k = Math.floor(from / step); k * step <= Math.min(to, data.seconds); k += 1) {
    const s = k * step;
    ticks.push(element("span", { style: `left: ${s * scale}px` }, clock(s, step < 1) + (data.begins_at ? `\n${timeOfDay(s)}` : "")));
  }
  find("ticks").replaceChildren(...ticks);
  find("shown").style.left = `${100 * from / data.seconds}%`;
  find("shown").style.width = `${Math.min(100, 100 * span() / data.seconds)}%`;
}

/** Put each event into the first lane that is free when it begins. */
function placeEvents() {
  const free = [];
  lanes = [];
  for (const k of inTime) {
    const [start, end] = data.events[k], place = free.findIndex((from) => from <= start + 1e-6);
    lanes[k] = place >= 0 ? place : Math.min(free.length, MOST_LANES - 1);
    free[lanes[k]] = end;
  }
  find("axes").style.setProperty("--lanes", free.length);
}

/** Every event as a mark above the overview. */
function drawWhole() {
  const whole = find("whole"), canvas = find("marks"), perSecond = whole.clientWidth / data.seconds;
  for (const old of whole.querySelectorAll("img")) old.remove();
  const holder = element("div", {});
  strips(levelFor(perSecond), holder, (s) => s * perSecond);
  whole.prepend(...holder.children);
  canvas.width = whole.clientWidth; canvas.height = canvas.clientHeight;
  const context = canvas.getContext("2d");
  for (const k of inTime) {
    const [start, end, label] = data.events[k];
    context.fillStyle = colour(label);
    context.fillRect(start * perSecond, 1, Math.max(2, (end - start) * perSecond), canvas.height - 2);
  }
}

// Playing.
let isPlayable = Boolean(data.audio);
if (isPlayable) audio.src = data.audio;
else audio.hidden = true;
audio.addEventListener("error", () => {
  isPlayable = false;
  audio.hidden = true;
  find("notes").append("The recording cannot be played from here: it is no longer where it was, or this browser does not play it.");
});
function goTo(seconds, play = false) {
  position = Math.min(Math.max(0, seconds), data.seconds);
  if (isPlayable) {
    audio.currentTime = position;
    if (play) audio.play().catch(() => {});
  }
  showHead();
}
function showHead() {
  find("head").style.left = `${position * scale}px`;
  const event = data.events[chosen], isIn = event && position >= event[0] - 0.05 && position <= event[1];
  find("at").textContent = `${clock(position)} ${timeOfDay(position)}${isIn ? ` ${data.classes[event[2]]} ${percent(event[3])}` : ""}`;
}
function follow() {
  position = audio.currentTime;
  if (!isSeen(position)) scroller.scrollLeft = position * scale - 0.1 * width();
  showHead();
  if (!audio.paused) requestAnimationFrame(follow);
}
audio.addEventListener("play", follow);
audio.addEventListener("seeked", () => { position = audio.currentTime; bring(position); showHead(); });
const playOrPause = () => { if (isPlayable) { if (audio.paused) audio.play().catch(() => {}); else audio.pause(); } };
