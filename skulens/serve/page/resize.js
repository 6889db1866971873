// Pictures -> what an encoder reads, to the bit as Pillow 13 and skulens/encode/preprocess.py do it.
// Pillow resizes 8-bit pictures with whole-number coefficients, and rounds to 8 bits after each pass.

const BITS = 22; // of a coefficient after the point
const HALF = 1 << (BITS - 1);

const KERNELS = {
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  bicubic: [2, (given) => {
    const x = Math.abs(given), a = -0.5;
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  }],
  lanczos: [3, (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
};
KERNELS.random = KERNELS.bicubic; // open_clip's reading of it outside training

function sinc(x) {
  if (x === 0) return 1;
  return Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Per place of the new side: the first old place and the coefficients from there on. */
function weigh(before, after, [reach, kernel]) {
  const scale = before / after, stretch = Math.max(scale, 1), support = reach * stretch;
  const found = [];
  for (let place = 0; place < after; place++) {
    const centre = (place + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(before, Math.trunc(centre + support + 0.5));
    const exact = [];
    let total = 0;
    for (let i = start; i < end; i++) {
      exact.push(kernel((i - centre + 0.5) * (1 / stretch)));
      total += exact.at(-1);
    }
    const whole = exact.map((w) => {
      const part = (total === 0 ? w : w / total) * 2 ** BITS;
      return Math.trunc(part < 0 ? part - 0.5 : part + 0.5);
    });
    found.push({ start, whole: Int32Array.from(whole) });
  }
  return found;
}

/** Bytes of `step` channels -> 3 channels; the side that lies `stride` bytes apart gets a new length. */
function pass(from, weights, lines, lineStep, stride, to, toLine, toStride) {
  for (let line = 0; line < lines; line++) {
    for (let place = 0; place < weights.length; place++) {
      const { start, whole } = weights[place];
      const at = line * lineStep + start * stride;
      let red = HALF, green = HALF, blue = HALF;
      for (let i = 0, p = at; i < whole.length; i++, p += stride) {
        const w = whole[i];
        red += from[p] * w;
        green += from[p + 1] * w;
        blue += from[p + 2] * w;
      }
      const out = line * toLine + place * toStride;
      to[out] = red >> BITS; // a clamped array keeps it within 0 and 255
      to[out + 1] = green >> BITS;
      to[out + 2] = blue >> BITS;
    }
  }
  return to;
}

/**
 * A picture of another size. Pictures are {width, height, data, step}: `step` bytes a pixel, 3 or 4,
 * red, green and blue first.
 */
export function resize(picture, width, height, name = "bicubic") {
  const kernel = KERNELS[name];
  if (picture.width === width && picture.height === height) return picture;
  const across = (from) => {
    if (from.width === width) return from;
    const data = new Uint8ClampedArray(width * from.height * 3);
    pass(from.data, weigh(from.width, width, kernel), from.height, from.width * from.step, from.step, data, width * 3, 3);
    return { width, height: from.height, data, step: 3 };
  };
  const down = (from) => {
    if (from.height === height) return from;
    const data = new Uint8ClampedArray(from.width * height * 3);
    pass(from.data, weigh(from.height, height, kernel), from.width, from.step, from.width * from.step, data, 3, from.width * 3);
    return { width: from.width, height, data, step: 3 };
  };
  // Since Pillow 13 a tall picture is made lower first, where that saves work.
  const tall = picture.height > height && picture.height - height > 2 * (picture.width - width);
  return tall ? across(down(picture)) : down(across(picture));
}

/** A half is rounded to the even number, as Python does. */
function roundEven(x) {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

function crop(picture, left, top, width, height, fill = 0) {
  const { data, step } = picture, found = new Uint8ClampedArray(width * height * 3).fill(fill);
  for (let y = Math.max(0, -top); y < height && y + top < picture.height; y++) {
    for (let x = Math.max(0, -left); x < width && x + left < picture.width; x++) {
      const from = ((y + top) * picture.width + x + left) * step, to = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) found[to + c] = data[from + c];
    }
  }
  return { width, height, data: found, step: 3 };
}

function cropCentre(picture, width, height, rounding) {
  const half = rounding === "down" ? Math.trunc : roundEven;
  return crop(picture, half((picture.width - width) / 2), half((picture.height - height) / 2), width, height);
}

/** The picture at the encoder's size; `how` is what preprocess.json says. */
export function frame(picture, how) {
  const { width, height, interpolation, resize_mode: mode } = how;
  if (mode === "squash") return resize(picture, width, height, interpolation);
  const scaled = (ratio, name) =>
    resize(picture, Math.max(1, roundEven(picture.width / ratio)), Math.max(1, roundEven(picture.height / ratio)), name);
  if (mode === "longest") {
    const small = scaled(Math.max(picture.width / width, picture.height / height), interpolation);
    const wide = Math.max(width, small.width), high = Math.max(height, small.height);
    const left = Math.floor((wide - small.width) / 2), top = Math.floor((high - small.height) / 2);
    return cropCentre(crop(small, -left, -top, wide, high, how.fill), width, height);
  }
  if (width !== height)
    return cropCentre(scaled(Math.min(picture.width / width, picture.height / height), "bicubic"), width, height);
  const [w, h] = picture.width <= picture.height
    ? [width, Math.trunc((width * picture.height) / picture.width)]
    : [Math.trunc((width * picture.width) / picture.height), width];
  return cropCentre(resize(picture, w, h, interpolation), width, height, how.crop_rounding);
}

/** float32 numbers of a framed picture in the encoder's order. */
export function normalise(picture, how) {
  const { data, step, width, height } = picture, size = width * height, f = Math.fround;
  const found = new Float32Array(3 * size);
  for (let c = 0; c < 3; c++) {
    const mean = f(how.mean[c]), std = f(how.std[c]);
    const levels = Float32Array.from({ length: 256 }, (_, p) => f(f(f(p / 255) - mean) / std));
    for (let i = 0; i < size; i++)
      found[how.layout === "hwc" ? i * 3 + c : c * size + i] = levels[data[i * step + c]];
  }
  return found;
}
