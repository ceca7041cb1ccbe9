// The microphone: the windows of `python -m train.listen`, classified as those of a recording are.

const MOST_WAITING = 2; // windows; older ones are skipped, so that what is shown is never older than so many hops
const MOST_ROWS = 100;
const FLOOR_DB = -100, RANGE_DB = 80; // of the strip that scrolls, which only shows that something is heard

// In a thread of its own: nothing is lost while a window is classified. Its output is silent.
const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  constructor() { super(); this.block = new Float32Array(2048); this.n = 0; }
  process([channels]) {
    for (let k = 0; channels.length && k < channels[0].length; k++) {
      this.block[this.n++] = channels.reduce((sum, y) => sum + y[k], 0) / channels.length;
      if (this.n === this.block.length) { this.port.postMessage(this.block); this.n = 0; }
    }
    return true;
  }
});`;

// The last samples, and the windows in them that were not yet taken; one begins every half of its length.
class IncomingWindows {
  constructor(sr) {
    this.sr = sr;
    this.n = Math.round(about.window_s * sr);
    this.kept = new Float32Array(0);
    this.start = this.next = this.skipped = 0;
  }
  get end() { return this.start + this.kept.length; }
  first(number) { return Math.round(number * about.window_s / 2 * this.sr); }
  add(block) {
    const from = Math.min(Math.max(this.first(this.next) - this.start, 0), this.kept.length);
    const kept = new Float32Array(this.kept.length - from + block.length);
    kept.set(this.kept.subarray(from));
    kept.set(block, this.kept.length - from);
    this.start += from;
    this.kept = kept;
  }
  take() {
    if (this.first(this.next) + this.n > this.end) return null;
    const late = Math.floor((this.end - this.n) / this.sr / (about.window_s / 2)) - this.next + 1 - MOST_WAITING;
    if (late > 0) { this.next += late; this.skipped += late; }
    const first = this.first(this.next++) - this.start;
    return [(this.start + first) / this.sr, this.kept.slice(first, first + this.n)];
  }
}

// Band-limited interpolation (J. O. Smith, Digital Audio Resampling): a sinc of 64 zero crossings on each side under a
// Kaiser window of beta 8, cut off at 96 % of the lower band; flat to 92 % of it, -80 dB beyond it. Browsers' own
// resamplers are coarser: Chromium's loses 2 dB at 80 % and lets -25 dB through just above the band.
function resampler(from, to) {
  const divisor = (a, b) => b ? divisor(b, a % b) : a, step = from / divisor(from, to), n = to / divisor(from, to);
  const band = 0.96 * Math.min(1, to / from), half = Math.ceil(64 / band), weights = [];
  const bessel = (x) => { let sum = 1, term = 1; for (let k = 1; k < 40; k++) sum += term *= (x / 2 / k) ** 2; return sum; };
  for (let phase = 0; phase < n; phase++) weights.push(Float32Array.from({length: 2 * half}, (_, k) => {
    const x = k - half + 1 - phase / n, angle = Math.PI * band * x, inside = Math.max(0, 1 - (x / half) ** 2);
    return band * (angle ? Math.sin(angle) / angle : 1) * bessel(8 * Math.sqrt(inside)) / bessel(8);
  }));
  return (y) => from === to ? y : Float32Array.from({length: Math.round(y.length * to / from)}, (_, i) => {
    const first = Math.floor(i * step / n) - half + 1, row = weights[i * step % n];
    let sum = 0;
    for (let k = Math.max(0, -first), last = Math.min(row.length, y.length - first); k < last; k++) sum += row[k] * y[first + k];
    return sum;
  });
}

// Decibels of a block in bins from 0 Hz to half its rate: a Fourier transform of radix 2 under a Hann window.
function decibels(block) {
  const n = block.length, re = block.map((y, k) => y * (0.5 - 0.5 * Math.cos(2 * Math.PI * k / n))), im = new Float32Array(n);
  for (let i = 1, j = 0; i < n; i++) { // bits in reverse order
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j]] = [re[j], re[i]];
  }
  for (let half = 1; half < n; half *= 2) for (let k = 0; k < half; k++) {
    const c = Math.cos(Math.PI * k / half), s = -Math.sin(Math.PI * k / half);
    for (let i = k, j = k + half; i < n; i += 2 * half, j += 2 * half) {
      const a = re[j] * c - im[j] * s, b = re[j] * s + im[j] * c;
      re[j] = re[i] - a; im[j] = im[i] - b;
      re[i] += a; im[i] += b;
    }
  }
  return re.subarray(0, n / 2).map((a, k) => 20 * Math.log10(Math.hypot(a, im[k]) * 4 / n + 1e-10));
}

// A column of the strip, of mel bands up to half the model's rate, moves the others to the left.
function scroll(block, sr) {
  const canvas = byId("live"), drawing = canvas.getContext("2d"), {width, height} = canvas, column = drawing.createImageData(1, height);
  const bins = decibels(block), top = Math.log10(1 + about.sample_rate_hz / 1400);
  for (let row = 0; row < height; row++) {
    const hz = 700 * (10 ** (top * (1 - row / height)) - 1), db = bins[Math.min(bins.length - 1, Math.round(hz * block.length / sr))];
    column.data.set([...palette[Math.round(255 * Math.min(1, Math.max(0, (db - FLOOR_DB) / RANGE_DB)))], 255], 4 * row);
  }
  drawing.drawImage(canvas, -1, 0);
  drawing.putImageData(column, width - 1, 0);
}

function whyNoMicrophone(error) {
  if (error.name === "NotFoundError") return "No microphone was found. Connect one and try again.";
  return "The microphone must be allowed, for this page and for the browser. " + (location.protocol === "file:"
    ? "Safari refuses it to local files: open the page in Chrome, Edge or Firefox, or run `python -m http.server` "
      + "beside it and open http://localhost:8000."
    : "It is given to https:// and to http://localhost alone.") + " (" + error.name + ")";
}

let stop = null; // ends listening

async function listen() {
  const mine = begun();
  let stream;
  try {
    if (!navigator.mediaDevices) throw new DOMException("", "InsecureContextError");
    stream = await navigator.mediaDevices.getUserMedia(
      {audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}}); // made for speech
  } catch (error) {
    byId("state").textContent = whyNoMicrophone(error);
    return;
  }
  if (mine !== turn) return stream.getTracks().forEach((track) => track.stop());
  const context = new AudioContext(); // of the microphone's rate: Firefox resamples no microphone
  stop = (reason) => {
    stop = null;
    stream.getTracks().forEach((track) => track.stop());
    context.close();
    byId("microphone").textContent = "Listen to the microphone";
    byId("state").textContent = reason;
  };
  byId("microphone").textContent = "Stop listening";
  // Not as a blob: Chromium gives a page from a file's address no worklet of one.
  await context.audioWorklet.addModule("data:text/javascript," + encodeURIComponent(TAP));
  if (mine !== turn) return;
  const tap = new AudioWorkletNode(context, "tap");
  context.createMediaStreamSource(stream).connect(tap).connect(context.destination);
  stream.getTracks()[0].onended = () => stop && stop("The microphone is gone. Was it unplugged?");
  const windows = new IncomingWindows(context.sampleRate), resample = resampler(context.sampleRate, about.sample_rate_hz);
  byId("windows").replaceChildren();
  byId("player").hidden = byId("result").hidden = true;
  byId("strip").hidden = false;
  let isBusy = false;
  tap.port.onmessage = async ({data: block}) => {
    windows.add(block);
    scroll(block, windows.sr);
    const peak = block.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    byId("level").textContent = clock(windows.end / windows.sr) + ", peak " + (peak ? (20 * Math.log10(peak)).toFixed(0)
      : "-∞") + " dB of full scale" + (windows.skipped ? "; windows skipped, since this device is too slow: " + windows.skipped : "");
    if (isBusy || mine !== turn) return;
    isBusy = true;
    for (let taken; mine === turn && (taken = windows.take());) {
      const [start, samples] = taken;
      const window = await classify([resample(samples).subarray(0, about.n_samples)]);
      if (mine !== turn) break;
      addRow(window, start, start + about.window_s, {first: true});
      show(window);
      while (byId("windows").rows.length > MOST_ROWS) byId("windows").deleteRow(-1);
    }
    isBusy = false;
  };
  byId("state").textContent = "Listening at " + context.sampleRate + " Hz: an answer every " + about.window_s / 2
    + " s, of the last " + about.window_s + " s. Nothing is recorded.";
}

byId("microphone").onclick = () => { if (stop) begun(); else listen(); };
