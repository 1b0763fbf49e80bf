// The page: draws, takes files, and shows what the worker says.
import { pixels } from "./digit.js";

const at = (id) => document.getElementById(id);

// The worker.

let worker;
let calls = new Map();
let last = 0;

function start() {
  worker?.terminate();
  for (const { reject } of calls.values()) reject({ message: "the library has ended" });
  calls = new Map();
  worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data: { id, progress, result, error } }) => {
    const call = calls.get(id);
    if (!call) return;
    if (progress !== undefined) return call.progress(progress);
    calls.delete(id);
    if (error) call.reject(error);
    else call.resolve(result);
    if (error?.broken) start();
  };
  worker.onerror = () => start();
}

function ask(call, given, progress) {
  const id = ++last;
  return new Promise((resolve, reject) => {
    calls.set(id, { resolve, reject, progress });
    worker.postMessage({ id, call, given });
  });
}

// Elements with text: never markup, since files say what they want.
function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function list(pairs) {
  const all = document.createElement("dl");
  for (const [what, text] of pairs) all.append(element("dt", what), element("dd", text));
  return all;
}

/** A public value in a few words. */
function shown(value) {
  switch (value.kind) {
    case "class":
      return `class ${value.class} of ${value.classes}`;
    case "tensor": {
      const first = value.values.slice(0, 10).map((x) => String(Number(x.toFixed(4))));
      return `[${value.shape}] ${first.join(", ")}${value.values.length > first.length ? ", .." : ""}`;
    }
    default:
      return `${value.kind} ${value.value}`;
  }
}

const milliseconds = (time) => (time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`);

// Verifying.

const given = { key: undefined, proof: undefined };

function show(...children) {
  at("verdict").replaceChildren(...children);
}

/** Takes files, whichever of the two each is. */
async function take(files) {
  show();
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const kind = await ask("kind", { bytes }, () => {});
    const what = { verifying_key: "key", proof: "proof" }[kind];
    if (!what) {
      show(element("p", `${file.name} is neither a verifying key nor a proof of zkml`, "verdict bad"));
      continue;
    }
    given[what] = { name: file.name, bytes };
    at(`${what}-name`).textContent = `${file.name}, ${bytes.length.toLocaleString("en")} bytes`;
  }
  at("verify").disabled = !(given.key && given.proof);
}

function provenance({ kind, transcript }) {
  return kind === "ceremony"
    ? element("p", `The key says that it is from a ceremony with the transcript ${transcript}. Compare that with what its contributors announced.`, "verdict warn")
    : element("p", "The key is from a setup by a single party, who can forge proofs under it.", "verdict warn");
}

async function verify() {
  show(element("p", "Verifying"));
  const text = at("expected").value.trim();
  let expected;
  try {
    expected = text === "" ? undefined : JSON.parse(text);
    if (expected !== undefined && !Array.isArray(expected)) throw new Error("it is no list");
  } catch (error) {
    return show(element("p", `What is expected can't be read: ${error.message}`, "verdict bad"));
  }
  try {
    const { key, proof } = given;
    const told = await ask("verify", { key: key.bytes, proof: proof.bytes, expected }, () => {});
    show(
      element("p", expected ? "Valid, and it says what was expected" : "Valid", "verdict good"),
      list(told.values.map((value) => [`${value.name}${value.item > 0 ? ` ${value.item}` : ""}`, shown(value)])),
      provenance(told.provenance),
      list([
        ["Fingerprint of the key", told.fingerprint],
        ["Circuit", told.digest],
        ["Proof system", told.systemName],
        ["Off from the float model by", told.provenError === undefined ? "no bound is known" : `at most ${Number(told.provenError.toPrecision(4))}`],
        ["Verified in", milliseconds(told.verifying)],
      ]),
    );
  } catch (error) {
    show(element("p", `Not valid: ${error.message}`, "verdict bad"));
  }
}

at("files").addEventListener("change", (event) => take(event.target.files));
at("verify").addEventListener("click", verify);
const drop = at("drop");
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer.files);
});

// Drawing.

const canvas = at("canvas");
const ink = canvas.getContext("2d");
let strokes = [];
let image = new Float64Array(64);

/** Eight by eight pixels from 0 to 16, as large as the canvas. */
function paint(target, values) {
  const context = target.getContext("2d");
  const side = target.width / 8;
  values.forEach((value, i) => {
    const light = Math.round((value / 16) * 255);
    context.fillStyle = `rgb(${light} ${light} ${light})`;
    context.fillRect((i % 8) * side, Math.floor(i / 8) * side, side, side);
  });
}

function see(values) {
  image = values;
  paint(at("preview"), image);
  at("prove").disabled = image.every((value) => value === 0);
  at("proved").hidden = true;
  at("progress").textContent = "";
}

function clear() {
  strokes = [];
  ink.clearRect(0, 0, canvas.width, canvas.height);
  for (const button of at("samples").children) button.setAttribute("aria-pressed", "false");
  see(new Float64Array(64));
}

function draw() {
  ink.clearRect(0, 0, canvas.width, canvas.height);
  ink.lineWidth = 22;
  ink.lineCap = ink.lineJoin = "round";
  ink.strokeStyle = "#fff";
  for (const stroke of strokes) {
    ink.beginPath();
    for (const [x, y] of stroke) ink.lineTo(x, y);
    // A dot has no length.
    ink.lineTo(stroke.at(-1)[0] + 0.01, stroke.at(-1)[1]);
    ink.stroke();
  }
  see(pixels(strokes));
}

function point(event) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return [((event.clientX - left) / width) * canvas.width, ((event.clientY - top) / height) * canvas.height];
}

let sampled = false;
canvas.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  if (sampled) clear();
  sampled = false;
  canvas.setPointerCapture(event.pointerId);
  strokes.push([point(event)]);
  draw();
});
canvas.addEventListener("pointermove", (event) => {
  if (!canvas.hasPointerCapture(event.pointerId)) return;
  strokes.at(-1).push(point(event));
  draw();
});
at("clear").addEventListener("click", clear);

async function samples() {
  const response = await fetch("./files/samples.json");
  if (!response.ok) throw new Error(`samples.json: ${response.status}`);
  for (const { label, pixels: values } of await response.json()) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-label", `Sample of the digit ${label}`);
    const picture = document.createElement("canvas");
    picture.width = picture.height = 40;
    paint(picture, values);
    button.append(picture);
    button.addEventListener("click", () => {
      clear();
      sampled = true;
      paint(canvas, values);
      button.setAttribute("aria-pressed", "true");
      see(Float64Array.from(values));
    });
    at("samples").append(button);
  }
}

// Proving.

let made;
const links = [];

function offer(id, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  links.push(url);
  at(id).href = url;
}

async function prove() {
  const button = at("prove");
  button.disabled = true;
  at("proved").hidden = true;
  for (const url of links.splice(0)) URL.revokeObjectURL(url);
  const progress = (text) => {
    at("progress").textContent = `${text} ..`;
  };
  progress("Starting");
  const start = performance.now();
  try {
    made = await ask("prove", { pixels: image }, progress);
    const output = made.values.find((value) => value.name === "output");
    at("answer").textContent = `The network sees a ${output.class}. Proven, and verified.`;
    const [proving, verifying] = [made.proving, made.verifying].map(milliseconds);
    at("figures").textContent = `Proof of ${made.proof.length} bytes, made in ${proving}, verified in ${verifying}; ${milliseconds(performance.now() - start)} in all.`;
    offer("proof-link", made.proof);
    offer("key-link", made.verifyingKey);
    at("proved").hidden = false;
    at("progress").textContent = "";
  } catch (error) {
    at("progress").textContent = `It can't be proved: ${error.message}`;
  } finally {
    button.disabled = false;
  }
}

at("prove").addEventListener("click", prove);
at("verify-it").addEventListener("click", async () => {
  await take([new File([made.verifyingKey], "verifying.key"), new File([made.proof], "digit.proof")]);
  await verify();
});

start();
clear();
samples().catch((error) => {
  at("progress").textContent = `There are no samples: ${error.message}`;
});
