// Words of titles: cut, folded and searched by BM25 (k1 1.5, b 0.75), all in the browser.

const K1 = 1.5, B = 0.75;
const BEGINS = 0.5; // of the weight of a whole word, for a word that only begins so
const SPACELESS = /[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const LETTERS = { đ: "d", ð: "d", ø: "o", ł: "l", ħ: "h", ŧ: "t", ı: "i", æ: "ae", œ: "oe", ß: "ss", ς: "σ" };

/** A text as it is compared: no case, no marks on Latin letters. */
export function fold(text) {
  const plain = text.normalize("NFKC").toLowerCase().normalize("NFD").replace(/(\p{Script=Latin})\p{M}+/gu, "$1");
  return plain.normalize("NFC").replace(/[đðøłħŧıæœßς]/g, (letter) => LETTERS[letter]);
}

let segmenter;

/** [{start, end, word}] in the text as given; words of Thai and the like by the browser's dictionary. */
function findWords(text) {
  const found = [];
  for (const { 0: piece, index } of text.matchAll(/[\p{L}\p{N}\p{M}]+(?:['.-][\p{L}\p{N}\p{M}]+)*/gu)) {
    if (!SPACELESS.test(piece) || !globalThis.Intl?.Segmenter) {
      found.push({ start: index, end: index + piece.length, word: fold(piece) });
      continue;
    }
    segmenter ??= new Intl.Segmenter("en", { granularity: "word" });
    for (const { segment, index: at, isWordLike } of segmenter.segment(piece))
      if (isWordLike) found.push({ start: index + at, end: index + at + segment.length, word: fold(segment) });
  }
  return found;
}

export const words = (text) => findWords(text).map(({ word }) => word);

const grams = (word) => (word.length < 3 ? [word] : Array.from({ length: word.length - 2 }, (_, i) => word.slice(i, i + 3)));

/** How much of what was asked a title has, 0 to 1, by runs of three letters. */
export function coverage(asked, title) {
  const wanted = new Set(words(asked).flatMap(grams)), held = new Set(words(title).flatMap(grams));
  return wanted.size ? [...wanted].filter((gram) => held.has(gram)).length / wanted.size : 0;
}

/** What of a title the words find, as it stands there, each once. */
export function matched(asked, title) {
  const wanted = words(asked), found = new Map();
  for (const { start, end, word } of findWords(title))
    if (wanted.some((one) => word === one || (one.length > 2 && word.startsWith(one)))) found.set(word, title.slice(start, end));
  return [...found.values()];
}

export class Titles {
  constructor(titles) {
    this.titles = titles;
    this.rows = new Map(); // word -> [row, row, ...], once per occurrence
    this.lengths = titles.map((title, row) => {
      const found = words(title);
      for (const word of found) {
        if (!this.rows.has(word)) this.rows.set(word, []);
        this.rows.get(word).push(row);
      }
      return found.length;
    });
    this.mean = this.lengths.reduce((a, b) => a + b, 0) / (titles.length || 1) || 1;
  }

  /** The k rows of highest score, best first, equal ones from the last: [{row, score}]. */
  search(asked, k, mask) {
    const scores = new Map();
    for (const word of new Set(words(asked))) {
      this.add(scores, word, 1, mask);
      if (word.length < 3) continue;
      for (const other of this.rows.keys()) if (other !== word && other.startsWith(word)) this.add(scores, other, BEGINS, mask);
    }
    const order = Array.from(scores, ([row, score]) => ({ row, score }));
    return order.sort((a, b) => b.score - a.score || b.row - a.row).slice(0, k);
  }

  add(scores, word, weight, mask) {
    const counts = new Map();
    for (const row of this.rows.get(word) ?? []) counts.set(row, (counts.get(row) ?? 0) + 1);
    const n = this.titles.length, idf = Math.log(1 + (n - counts.size + 0.5) / (counts.size + 0.5));
    for (const [row, count] of counts) {
      if (mask && !mask[row]) continue;
      const norm = K1 * (1 - B + (B * this.lengths[row]) / this.mean);
      scores.set(row, (scores.get(row) ?? 0) + (weight * idf * count) / (count + norm));
    }
  }
}
