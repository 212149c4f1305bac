"use strict";

/** Score a file in the background: choose a column, watch the progress, look at the answers, fetch them. */
const tables = document.getElementById("tables");
const part = (name) => tables.querySelector(`[data-part="${name}"]`);
const NAMES = { devops: "DevOps", sre: "SRE", platform: "Platform", cloud: "Cloud", none: "None of these", unsure: "Unsure" };
const TYPES = { csv: "text/csv", tsv: "text/tab-separated-values", jsonl: "application/x-ndjson", ndjson: "application/x-ndjson" };
let job = null;

function keyed() {
  const key = document.getElementById("key")?.value;
  return key ? { Authorization: `Bearer ${key}` } : {};
}

function make(tag, text, attributes = {}, namespace = null) {
  const made = namespace ? document.createElementNS(namespace, tag) : document.createElement(tag);
  if (text !== null) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function say(text, wrong = false) {
  const status = part("status");
  status.textContent = text;
  status.classList.toggle("wrong-text", wrong);
}

/** The names of the columns, read from the start of the file here in the browser. */
async function columns(file) {
  const start = await file.slice(0, 65536).text();
  const line = start.replace(/^\uFEFF/, "").split(/\r?\n/, 1)[0];
  try {
    if (/\.(jsonl|ndjson)$/i.test(file.name)) return Object.keys(JSON.parse(line));
  } catch {
    return [];
  }
  if (/\.gz$/i.test(file.name)) return [];
  const counts = ["\t", ";", ","].map((mark) => [line.split(mark).length, mark]);
  const mark = counts.reduce((best, one) => (one[0] > best[0] ? one : best))[1];
  return line.split(mark).map((name) => name.trim().replace(/^"|"$/g, "")).filter(Boolean);
}

async function offer() {
  const file = tables.querySelector("[type=file]").files[0];
  const select = document.getElementById("column");
  select.replaceChildren(make("option", "found by its name", { value: "" }));
  for (const name of file ? await columns(file) : []) select.append(make("option", name, { value: name }));
}

async function ask(method, path) {
  const response = await fetch(path, { method, headers: keyed(), signal: AbortSignal.timeout(30000) });
  const body = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body;
}

/** Send the file; only XMLHttpRequest tells how far it is. */
function upload(file, column) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const query = column ? `?text_column=${encodeURIComponent(column)}` : "";
    request.open("POST", `/v1/jobs${query}`);
    const ending = file.name.toLowerCase().replace(/\.gz$/, "").split(".").pop();
    request.setRequestHeader("Content-Type", TYPES[ending] || "application/octet-stream");
    for (const [name, value] of Object.entries(keyed())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(0.5 * (event.loaded / event.total));
    request.onerror = () => reject(new Error("The server does not answer. Try again in a moment."));
    request.onload = () => {
      const answer = JSON.parse(request.response);
      if (request.status === 202) resolve(answer);
      else reject(new Error(answer.detail));
    };
    request.send(file);
  });
}

function progress(share) {
  const bar = document.getElementById("progress");
  bar.value = share;
  bar.textContent = `${Math.round(100 * share)} %`;
}

async function watch() {
  let away = 0;
  for (;;) {
    try {
      job = await ask("GET", `/v1/jobs/${job.id}`);
      away = 0;
    } catch (error) {
      if (!(error instanceof TypeError) || ++away > 120) throw error;
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
  const file = tables.querySelector("[type=file]").files[0];
  part("running").hidden = false;
  part("result").hidden = true;
  part("cancel").hidden = false;
  progress(0);
  say("Sending the file");
  try {
    job = await upload(file, document.getElementById("column").value);
    await watch();
    if (job.state !== "done") throw new Error(job.problem || "Stopped.");
    say(`Done: ${job.summary.rows.toLocaleString()} rows, ${job.summary.errors} of them with an error`);
    shares();
    part("result").hidden = false;
    await rows();
    part("result").querySelector("h3").focus();
  } catch (error) {
    say(error.message, true);
  } finally {
    part("cancel").hidden = true;
  }
}

function shares() {
  const body = part("shares");
  body.replaceChildren();
  const svg = "http://www.w3.org/2000/svg";
  for (const [role, count] of Object.entries(job.summary.roles)) {
    const percent = (100 * count) / Math.max(1, job.summary.rows);
    const row = make("tr", null, { class: `first ${role}` });
    const bar = make("td", null, { class: "bar", "aria-hidden": "true" });
    const drawing = make("svg", null, { width: "100%", height: "14" }, svg);
    drawing.append(make("rect", null, { class: "track", width: "100%", height: "14", rx: "3" }, svg));
    drawing.append(make("rect", null, { class: "fill", width: `${percent.toFixed(2)}%`, height: "14", rx: "3" }, svg));
    bar.append(drawing);
    row.append(make("th", NAMES[role] || role, { scope: "row" }), bar);
    row.append(make("td", `${count.toLocaleString()} · ${percent.toFixed(1)} %`, { class: "figure" }));
    body.append(row);
  }
}

async function rows() {
  const role = document.getElementById("filter").value;
  const found = await ask("GET", `/v1/jobs/${job.id}/rows?limit=20${role ? `&role=${role}` : ""}`);
  const body = part("rows");
  body.replaceChildren();
  for (const row of found.rows) {
    const line = make("tr", null);
    const text = Object.entries(row).filter(([name]) => !OURS.test(name)).map(([, value]) => value).join(" · ");
    line.append(make("td", NAMES[row.role] || row.error || row.role), make("td", Number(row.confidence || 0).toFixed(2)));
    line.append(make("td", text.slice(0, 240)));
    body.append(line);
  }
  part("none").hidden = found.rows.length > 0;
}
const OURS = /^(role|best|runner_up|confidence|p_\w+|reason|title_conflict|responsibilities|model|error)$/;

async function download(event) {
  event.preventDefault();
  const response = await fetch(job.result, { headers: keyed() });
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition"))?.[1] || "scored";
  const link = make("a", null, { href: URL.createObjectURL(await response.blob()), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

tables.hidden = false;
tables.querySelector("[type=file]").addEventListener("change", offer);
tables.querySelector("form").addEventListener("submit", score);
part("cancel").addEventListener("click", () => job && ask("POST", `/v1/jobs/${job.id}/cancel`).catch((error) => say(error.message, true)));
part("download").addEventListener("click", (event) => download(event).catch((error) => say(error.message, true)));
document.getElementById("filter").addEventListener("change", () => rows().catch((error) => say(error.message, true)));
