// Files of a published site, checked against its manifest; and what is thrown where one is missing.

import { sha256 } from "./sha256.js";

/** An error as the server's problem details: {status, title, detail}. */
export const problem = (status, title, detail = "") =>
  Object.assign(new Error(detail || title), { status, title, detail });

/**
 * The bytes of a file, as an ArrayBuffer.
 *
 * @param base address of the site; info: {bytes, sha256} of the manifest
 * @param report called with the bytes that have come
 */
export async function fetchFile(base, name, info, { report, signal } = {}) {
  const url = new URL(info ? `${name}?${info.sha256.slice(0, 16)}` : name, base);
  let answer;
  try {
    answer = await fetch(url, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw problem(503, "The site cannot be reached", `${name} was not loaded: check the connection and try again`);
  }
  if (!answer.ok) throw problem(answer.status, "A file of the site is missing", `${name}: ${answer.status}; publish it again`);
  const data = report && answer.body ? await readAll(answer.body, report) : await answer.arrayBuffer();
  if (info && !(await isRight(data, info))) {
    throw problem(409, "The site has changed", `${name} is not the file that this page was made with; load the page again`);
  }
  return data;
}

async function readAll(body, report) {
  const reader = body.getReader(), pieces = [];
  let loaded = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    report((loaded += piece.value.length));
  }
  return new Blob(pieces).arrayBuffer();
}

/** Hashes are only computed where the address is safe; else sizes have to do. */
async function isRight(data, info) {
  if (data.byteLength !== info.bytes) return unpackedOnTheWay(data, info);
  return !globalThis.crypto?.subtle || (await sha256(data)) === info.sha256;
}

/** A host may have unpacked a gzipped file. */
const unpackedOnTheWay = (data, info) => Boolean(info.gzip) && !isGzip(data);

export const isGzip = (data) => new DataView(data).getUint16(0) === 0x1f8b;
