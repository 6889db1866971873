// Photos -> vectors, beside the page. Messages in: {id, load: {base, files}} and {id, photo, region};
// out: {id, loaded, total} while files come, then {id, ready}, {id, vector} or {id, failed}.

import { fetchFile, isGzip, problem } from "./files.js";
import { frame, normalise, resize } from "./resize.js";

const NEEDED = ["ort.js", "runtime.bin", "encoder.onnx"];
const NARROWEST = 200; // long side over short side, as on a server
let encoder = null;

async function load({ base, files }, report) {
  const total = NEEDED.reduce((sum, name) => sum + files[name].bytes, 0), came = {};
  const fetched = (name) =>
    fetchFile(base, name, files[name], {
      report: (bytes) => {
        came[name] = bytes;
        report({ loaded: Math.min(total, Object.values(came).reduce((a, b) => a + b, 0)), total });
      },
    });
  const [, packed, model, settings] = await Promise.all([
    ...NEEDED.map(fetched),
    fetchFile(base, "preprocess.json", files["preprocess.json"]),
  ]);
  const how = JSON.parse(new TextDecoder().decode(settings));
  const ort = await import(new URL(`ort.js?${files["ort.js"].sha256.slice(0, 16)}`, base).href);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = isGzip(packed) ? await unpack(packed) : packed;
  const session = await ort.InferenceSession.create(new Uint8Array(model), { executionProviders: ["wasm"] });
  return { ort, session, how };
}

const unpack = (packed) =>
  new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

/** {width, height, data, step} of a photo, or of a region [left, top, width, height] of it. */
export async function decode(photo, region) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(photo, {
      colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "from-image",
    });
  } catch {
    throw problem(422, "A picture cannot be read", "this browser does not read it; save it as JPEG, PNG or WebP");
  }
  const { width, height } = bitmap;
  if (Math.min(width, height) < 2 || Math.max(width, height) > NARROWEST * Math.min(width, height))
    throw problem(422, "A picture cannot be read", `${width} x ${height} px is too small or too narrow`);
  const [left, top, w, h] = region ?? [0, 0, width, height];
  if (left < 0 || top < 0 || w < 1 || h < 1 || left + w > width || top + h > height)
    throw problem(422, "The request makes no sense", `the region ${region} is outside the picture of ${width} x ${height} pixels`);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw problem(422, "A picture cannot be read", `${width} x ${height} px are too many for this browser`);
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width: w, height: h, data: context.getImageData(left, top, w, h).data, step: 4 };
}

async function embed({ ort, session, how }, photo, region) {
  const pixels = normalise(frame(await decode(photo, region), how), how);
  const shape = how.layout === "hwc" ? [1, how.height, how.width, 3] : [1, 3, how.height, how.width];
  const answer = await session.run({ [session.inputNames[0]]: new ort.Tensor("float32", pixels, shape) });
  const vector = Float64Array.from(answer[session.outputNames[0]].data);
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (x) => x / length);
}

async function answer({ load: files, photo, region, picture, size }, report) {
  if (files) {
    encoder ??= load(files, report);
    encoder.catch(() => (encoder = null)); // the next try loads again
    await encoder;
    return { ready: true };
  }
  if (size) return { pixels: resize(picture ?? (await decode(photo)), ...size) };
  return { vector: await embed(await encoder, photo, region) };
}

self.onmessage = async ({ data }) => {
  const post = (given) => self.postMessage({ id: data.id, ...given });
  try {
    post(await answer(data, post));
  } catch (error) {
    const { status = 500, title = "Photos cannot be read here", detail = String(error?.message ?? error) } = error ?? {};
    post({ failed: { status, title, detail } });
  }
};
