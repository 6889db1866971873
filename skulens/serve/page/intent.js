// On a published site: who is about to give a photo waits less where the encoder is already coming.

const SIGNS = "#tray .adds, #tray input[type=file], .try";
const MB = (bytes) => (bytes / 1e6).toFixed(1);

const holdsFiles = (data) => [...(data?.types ?? [])].includes("Files");

/** Call `run` once at the first sign: focus or a finger on Add, a file dragged over the page or pasted. */
export function onIntent(page, run) {
  const ends = new AbortController();
  const begin = () => {
    ends.abort();
    run();
  };
  const listen = (name, test) => page.addEventListener(name, (event) => test(event) && begin(), { signal: ends.signal, passive: true, capture: true });
  for (const name of ["focusin", "pointerdown", "pointerover"]) listen(name, ({ target }) => target.closest?.(SIGNS));
  listen("dragenter", ({ dataTransfer }) => holdsFiles(dataTransfer));
  listen("paste", ({ clipboardData }) => holdsFiles(clipboardData));
}

/** A line above the products that counts the bytes of the encoder; what it returns is told of them. */
export function countBytes(page) {
  const line = Object.assign(page.createElement("p"), { id: "encoder", className: "slow", hidden: true });
  const said = page.createElement("span"), counted = page.createElement("span");
  said.setAttribute("role", "status"); // without the numbers, which would be read aloud again and again
  line.append(said, counted);
  page.getElementById("notice")?.before(line);
  return ({ loaded, total, ready, failed }) => {
    line.hidden = Boolean(ready);
    counted.textContent = loaded === undefined || loaded === total ? "" : `${MB(loaded)} of ${MB(total)} MB`;
    const sentence = failed ? `${failed.title}: ${failed.detail}. You can still search with a product: choose Use on it.` : loaded === total ? "Starting the photo search" : "Loading the photo search";
    if (!ready && said.textContent !== sentence) said.textContent = sentence;
  };
}
