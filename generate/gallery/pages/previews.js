// Previews of image augmentations. Edges are repeated outwards, as fill_mode "nearest" does.
"use strict";

function extended(context, image, side) {
  const far = 2 * side, w = image.naturalWidth, h = image.naturalHeight;
  const bands = [[0, 1, -far, far], [0, w, 0, side], [w - 1, 1, side, far]];
  const lines = [[0, 1, -far, far], [0, h, 0, side], [h - 1, 1, side, far]];
  for (const [sx, sw, x, width] of bands) for (const [sy, sh, y, height] of lines) {
    context.drawImage(image, sx, sy, sw, sh, x - 0.5, y - 0.5, width + 1, height + 1);
  }
  context.drawImage(image, 0, 0, side, side);
}

function moved(image, change, filter = "none") {
  return (context, side) => {
    context.filter = filter;
    context.translate(side / 2, side / 2);
    change(context, side);
    context.translate(-side / 2, -side / 2);
    extended(context, image, side);
  };
}

function mean(context, image, x, y, width, height) {
  const one = element("canvas", { width: 1, height: 1 });
  one.getContext("2d").drawImage(image, 0, 0, 1, 1);
  context.drawImage(one, x, y, width, height);
}

function imagePreviews(image) {
  const at = data.image_preset;
  return [ // Keras moves images along their width by height_shift_range, and up and down by width_shift_range.
    [`rotation by ${at.rotation_range}°`, "mixes frequency and time, which no audio does", moved(image, (c) => c.rotate(at.rotation_range * Math.PI / 180))],
    ["shift along time", "later; the first column is repeated before it", moved(image, (c, side) => c.translate(at.height_shift_range * side, 0))],
    ["shift along frequency", "another pitch, by more octaves at low frequencies", moved(image, (c, side) => c.translate(0, -at.width_shift_range * side))],
    [`shear by ${at.shear_range}°`, "every tone becomes a chirp; hardly visible at this angle", moved(image, (c) => c.transform(1, 0, -Math.sin(at.shear_range * Math.PI / 180), Math.cos(at.shear_range * Math.PI / 180), 0, 0))],
    ["zoom in", "slower, with frequencies further apart", moved(image, (c) => c.scale(1 / (1 - at.zoom_range), 1 / (1 - at.zoom_range)))],
    ["zoom out", "faster, with frequencies closer together", moved(image, (c) => c.scale(1 / (1 + at.zoom_range), 1 / (1 + at.zoom_range)))],
    ["brighter", "colours off the colour map; louder, but silence stays black", moved(image, () => {}, `brightness(${at.brightness_range[1]})`)],
    ["darker", "colours off the colour map; quieter, but the loudest is clipped", moved(image, () => {}, `brightness(${at.brightness_range[0]})`)],
    ["horizontal flip", "reverses time", moved(image, (c) => c.scale(-1, 1))],
  ];
}

function spectrogramPreviews(image, other) {
  const at = data.spectrogram_preset;
  const warped = (factor) => (c, side) => {
    c.fillStyle = data.darkest;
    c.fillRect(0, 0, side, side);
    c.drawImage(image, 0, 0, side * factor, side);
  };
  return [
    ["time shift", "starts at another moment; the rest wraps around", (c, side) => {
      c.drawImage(image, side / 3, 0, side, side);
      c.drawImage(image, side / 3 - side, 0, side, side);
    }],
    [`time warp ${at.time_warp[0]}`, "faster", warped(at.time_warp[0])],
    [`time warp ${at.time_warp[1]}`, "slower", warped(at.time_warp[1])],
    ["band shift", "slightly higher", (c, side) => { c.fillRect(0, 0, side, side); c.drawImage(image, 0, -at.band_shift * side, side, side); }],
    ["frequency mask", "some bands are hidden", (c, side) => { c.drawImage(image, 0, 0, side, side); mean(c, image, 0, 0.4 * side, side, at.frequency_mask * side); }],
    ["time mask", "a moment is hidden", (c, side) => { c.drawImage(image, 0, 0, side, side); mean(c, image, 0.4 * side, 0, at.time_mask * side, side); }],
    ["mixup", "two clips at once, with both classes as the label", (c, side) => {
      c.drawImage(image, 0, 0, side, side);
      if (other) { c.globalAlpha = 0.35; c.drawImage(other, 0, 0, side, side); }
    }],
  ];
}

async function loaded(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

async function showPreviews(k) {
  const places = ["spectrogram-previews", "image-previews"].map(find);
  for (const at of places) at.replaceChildren();
  let image, other;
  try {
    image = await loaded(imageOf(k, 0));
    const rest = numbers.filter((n) => clips.label[n] !== clips.label[k]);
    other = rest.length ? await loaded(imageOf(rest[k % rest.length], 0)) : null;
  } catch { return; }
  if (k !== shownClip) return;
  const side = 224;
  for (const [at, previews] of [[places[0], spectrogramPreviews(image, other)], [places[1], imagePreviews(image)]]) {
    at.replaceChildren(...previews.map(([name, words, draw]) => {
      const canvas = element("canvas", { width: side, height: side, role: "img", "aria-label": `${name}: ${words}` });
      draw(canvas.getContext("2d"), side);
      return element("figure", {}, canvas, element("figcaption", { class: "small" }, element("strong", {}, name),
        element("span", { class: "soft" }, ` ${words}`)));
    }));
  }
}
