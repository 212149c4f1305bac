"use strict";

/** Score a file in the background: choose a column, watch the progress, look at the answers, fetch them. */
const tables = document.getElementById("tables");
const part = (name) => tables.querySelector(`[data-part="${name}"]`);
const chosen = tables.querySelector("[type=file]");
const filter = document.getElementById("filter");
const column = document.getElementById("column");
const typed = document.getElementById("column-name");
const NAMES = Object.fromEntries(Array.from(filter.options, (option) => [option.value, option.text]));
const BECAUSE = JSON.parse(tables.dataset.because);
const OURS = /^(role|best|runner_up|confidence|p_\w+|reason|title_conflict|responsibilities|model|error)$/;
const SVG = "http://www.w3.org/2000/svg";
const TYPES = {
  csv: "text/csv", tsv: "text/tab-separated-values", jsonl: "application/x-ndjson", ndjson: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet", pq: "application/vnd.apache.parquet",
};
let job = null;

const ending = (file) => file.name.toLowerCase().replace(/\.gz$/, "").split(".").pop();

function say(text, wrong = false) {
  const status = part("status");
  status.textContent = text;
  status.classList.toggle("wrong-text", wrong);
}

const complain = (error) => say(words(error), true);

/** The start of a file as text, unpacked where it is packed. */
async function head(file) {
  const start = file.slice(0, 65536);
  if (!/\.gz$/i.test(file.name)) return start.text();
  const reader = start.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const { value } = await reader.read();
  reader.cancel().catch(() => {}); // the end of the piece is not that of the file
  return new TextDecoder().decode(value);
}

/** The fields of the first line of a CSV; a field in quotes may hold marks and line ends. */
function fields(text, mark) {
  const found = [""];
  let quoted = false;
  for (const letter of text) {
    if (letter === '"') quoted = !quoted;
    else if (quoted) found[found.length - 1] += letter;
    else if (letter === "\n" || letter === "\r") break;
    else if (letter === mark) found.push("");
    else found[found.length - 1] += letter;
  }
  return found.map((name) => name.trim()).filter(Boolean);
}

/** The names of the columns, read here in the browser; none where they cannot be read so. */
async function columns(file) {
  if (["parquet", "pq"].includes(ending(file))) return [];
  try {
    const text = (await head(file)).replace(/^\uFEFF/, "");
    if (/^\s*\{/.test(text)) return Object.keys(JSON.parse(text.trimStart().split(/\r?\n/, 1)[0]));
    return ["\t", ";", ","].map((mark) => fields(text, mark)).reduce((best, one) => (one.length > best.length ? one : best));
  } catch {
    return [];
  }
}

/** Offer the columns of the chosen file; where they are not known, a field for the name. */
async function offer() {
  const file = chosen.files[0];
  const names = file ? await columns(file) : [];
  const blind = Boolean(file) && names.length === 0;
  column.replaceChildren(make("option", "found by its name", { value: "" }));
  for (const name of names) column.append(make("option", name, { value: name }));
  column.value = "";
  typed.value = "";
  column.parentElement.hidden = blind;
  typed.parentElement.hidden = !blind;
}

/** Send the file; only XMLHttpRequest tells how far it is. */
function upload(file) {
  const query = new URLSearchParams({ explain: part("explain").checked });
  if (column.value || typed.value) query.set("text_column", column.value || typed.value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/v1/jobs?${query}`);
    request.setRequestHeader("Content-Type", TYPES[ending(file)] || "application/octet-stream");
    for (const [name, value] of Object.entries(keyed())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(0.5 * (event.loaded / event.total));
    request.onerror = () => reject(new Error(AWAY));
    request.onload = () => {
      const accepted = request.status === 202;
      try {
        const said = JSON.parse(request.response);
        if (accepted) resolve(said);
        else reject(new Refused(said.detail));
      } catch (error) {
        reject(error);
      }
    };
    request.send(file);
  });
}

function progress(share) {
  const bar = document.getElementById("progress");
  bar.value = share;
  bar.textContent = `${Math.round(100 * share)} %`;
}

/** Ask how far the job is until it has ended; a server that is away for a while is waited for. */
async function watch() {
  let away = 0;
  for (;;) {
    try {
      job = await ask("GET", `/v1/jobs/${job.id}`);
      away = 0;
    } catch (error) {
      if (error instanceof Refused || ++away > 120) throw error;
      say("The server does not answer; the job goes on once it is back.", true);
    }
    if (!away) {
      progress(0.5 + 0.5 * job.progress);
      say(job.state === "queued" ? "Waiting for its turn" : `${job.rows.toLocaleString()} rows are done`);
      if (!["queued", "running"].includes(job.state)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

async function score(event) {
  event.preventDefault();
  const button = tables.querySelector("[type=submit]");
  part("running").hidden = false;
  part("result").hidden = true;
  part("cancel").hidden = false;
  button.disabled = true;
  progress(0);
  say("Sending the file");
  try {
    job = await upload(chosen.files[0]);
    await watch();
    if (job.state !== "done") throw new Refused(job.problem || "Stopped.");
    say(`Done: ${job.summary.rows.toLocaleString()} rows, ${job.summary.errors} of them with an error`);
    part("running").hidden = true;
    shares();
    filter.value = "";
    part("result").hidden = false;
    await rows();
    part("result").querySelector("h3").focus();
  } catch (error) {
    complain(error);
  } finally {
    part("cancel").hidden = true;
    button.disabled = false;
  }
}

function shares() {
  const body = part("shares");
  body.replaceChildren();
  for (const [role, count] of Object.entries(job.summary.roles)) {
    const percent = (100 * count) / Math.max(1, job.summary.rows);
    const row = make("tr", null, { class: `first ${role}` });
    const bar = make("td", null, { class: "bar", "aria-hidden": "true" });
    const drawing = make("svg", null, { width: "100%", height: "14" }, SVG);
    drawing.append(make("rect", null, { class: "track", width: "100%", height: "14", rx: "3" }, SVG));
    drawing.append(make("rect", null, { class: "fill", width: `${percent.toFixed(2)}%`, height: "14", rx: "3" }, SVG));
    bar.append(drawing);
    row.append(make("th", NAMES[role] || role, { scope: "row" }), bar);
    row.append(make("td", `${count.toLocaleString()} · ${percent.toFixed(1)} %`, { class: "figure" }));
    body.append(row);
  }
  const reasons = Object.entries(job.summary.unsure).filter(([, count]) => count > 0);
  part("unsure").textContent = reasons.map(([reason, count]) => `${count.toLocaleString()} unsure because ${BECAUSE[reason] || reason}`).join("; ");
}

/** Why a row was answered so: why it is unsure, or the responsibilities found where they were asked for. */
function why(row) {
  const cell = make("td", row.error || (row.reason && (BECAUSE[row.reason] || row.reason)) || "");
  if (cell.textContent) return cell;
  for (const id of (row.responsibilities || "").split(" ").filter(Boolean)) cell.append(make("span", id), " ");
  return cell;
}

async function rows() {
  const query = new URLSearchParams({ limit: 20, ...(filter.value ? { role: filter.value } : {}) });
  const found = await ask("GET", `/v1/jobs/${job.id}/rows?${query}`);
  const body = part("rows");
  body.replaceChildren();
  for (const row of found.rows) {
    const line = make("tr", null, { class: row.role || "error" });
    const text = Object.entries(row).filter(([name, value]) => !OURS.test(name) && value !== null).map(([, value]) => value).join(" · ");
    line.append(make("td", NAMES[row.role] || "Error"), make("td", row.role ? `${Math.round(100 * row.confidence)} %` : ""));
    const cell = make("td");
    cell.append(make("span", text));
    line.append(why(row), cell);
    body.append(line);
  }
  part("none").hidden = found.rows.length > 0;
}

async function download(event) {
  event.preventDefault();
  const response = await fetch(job.result, { headers: keyed() });
  if (!response.ok) throw new Refused((await response.json()).detail);
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition"))?.[1] || "scored";
  const link = make("a", null, { href: URL.createObjectURL(await response.blob()), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Take a file that is dropped anywhere on the page. */
function drop(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  tables.classList.toggle("over", event.type === "dragover");
  if (event.type !== "drop") return;
  chosen.files = event.dataTransfer.files;
  offer();
  chosen.focus();
}

tables.hidden = false;
chosen.addEventListener("change", offer);
for (const kind of ["dragover", "dragleave", "drop"]) document.addEventListener(kind, drop);
tables.querySelector("form").addEventListener("submit", score);
part("cancel").addEventListener("click", () => job && ask("POST", `/v1/jobs/${job.id}/cancel`).catch(complain));
part("download").addEventListener("click", (event) => download(event).catch(complain));
filter.addEventListener("change", () => rows().catch(complain));
