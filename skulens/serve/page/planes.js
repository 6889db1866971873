// Vectors of products in two bytes a number, and the nearest of them. The first plane is read of all
// products, the second of those that can still be among the first.

const LEVELS = 127;
const RESCORED = 100; // at least so many are scored by both planes

export class Planes {
  constructor(high, low, scales, dim) {
    Object.assign(this, { high: new Int8Array(high), low: new Int8Array(low), scales: new Float32Array(scales), dim });
    this.size = this.scales.length;
  }

  has(row) {
    return this.scales[row] > 0;
  }

  /** Float64Array of length 1. */
  vector(row) {
    const start = row * this.dim, scale = this.scales[row];
    return unit(Float64Array.from({ length: this.dim }, (_, i) => scale * (this.high[start + i] + this.low[start + i] / (2 * LEVELS))));
  }

  /** Inner product by both planes. */
  score(row, asked) {
    const { high, low, dim } = this, start = row * dim;
    let coarse = 0, rest = 0;
    for (let i = 0; i < dim; i++) {
      coarse += high[start + i] * asked[i];
      rest += low[start + i] * asked[i];
    }
    return this.scales[row] * (coarse + rest / (2 * LEVELS));
  }

  /** Inner products by the first plane; -Infinity where a row has no vector or is masked out. */
  scan(asked, mask) {
    const { high, dim, scales, size } = this, found = new Float64Array(size).fill(-Infinity);
    for (let row = 0, start = 0; row < size; row++, start += dim) {
      if ((mask && !mask[row]) || !scales[row]) continue;
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += high[start + i] * asked[i];
      found[row] = scales[row] * sum;
    }
    return found;
  }

  /** The k rows of highest inner product, best first, equal ones from the last: [{row, score}]. */
  search(asked, k, mask) {
    const near = this.scan(asked, mask), there = near.reduce((sum, s) => sum + (s > -Infinity), 0);
    const most = Math.min(k, there);
    if (!most) return [];
    const reach = Math.min(there, Math.max(RESCORED, most));
    const border = nthLargest(near, reach);
    const found = new Map();
    for (let row = 0; row < this.size; row++) if (near[row] >= border) found.set(row, this.score(row, asked));
    // What the first plane leaves out is at most half a step of each number.
    const floor = nthLargest(Float64Array.from(found.values()), most);
    const share = asked.reduce((sum, x) => sum + Math.abs(x), 0) / 2 + 1e-6;
    for (let row = 0; row < this.size; row++)
      if (near[row] < border && near[row] + this.scales[row] * share >= floor) found.set(row, this.score(row, asked));
    const order = Array.from(found, ([row, score]) => ({ row, score }));
    return order.sort((a, b) => b.score - a.score || b.row - a.row).slice(0, most);
  }
}

/** The nth largest number, n from 1 (Hoare's selection). */
function nthLargest(given, n) {
  const a = Float64Array.from(given);
  let low = 0, high = a.length - 1;
  const place = n - 1;
  while (low < high) {
    const pivot = a[(low + high) >> 1];
    let i = low, j = high;
    while (i <= j) {
      while (a[i] > pivot) i++;
      while (a[j] < pivot) j--;
      if (i > j) break;
      const held = a[i];
      a[i++] = a[j];
      a[j--] = held;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return a[place];
}

export function unit(vector) {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return vector.map((x) => x / length);
}

export const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
