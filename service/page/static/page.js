"use strict";

/** Send the form without leaving the page; without this script the form works all the same. */
const form = document.getElementById("classify");
const answer = document.getElementById("answer");
const busy = document.getElementById("busy");

/** What an answer is made of. Anything else in it is left out, so that nothing in a text can ever run. */
const TAGS = new Set(
  "a b button caption dd details div dl dt form h2 h3 h4 i label li mark ol option p q rect select span summary svg table tbody td th thead tr u ul".split(" "),
);
const ATTRIBUTES = /^(class|data-\w+|focusable|for|height|hidden|id|role|rx|scope|selected|tabindex|type|value|width|aria-\w+)$/;

/** Copy a node of a page that was sent, element by element, its text as text. */
function copy(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !TAGS.has(node.localName)) return document.createDocumentFragment();
  const made = document.createElementNS(node.namespaceURI, node.localName);
  for (const { name, value } of node.attributes) {
    if (ATTRIBUTES.test(name) || (name === "href" && value.startsWith("#"))) made.setAttribute(name, value);
  }
  made.append(...Array.from(node.childNodes, copy));
  return made;
}

function show(...nodes) {
  answer.replaceChildren(...nodes);
  answer.querySelector("h2")?.focus();
  offerCorrection();
}

function away() {
  const card = make("div", null, { class: "card wrong", role: "alert" });
  const text = "Your text is still here. Try again in a moment.";
  card.append(make("h2", "The server does not answer", { tabindex: "-1" }), make("p", text));
  show(card);
}

/** Let a person say which role it really is. */
function offerCorrection() {
  const correct = answer.querySelector(".correct");
  if (!correct) return;
  const sent = { text: form.elements.text.value, title: form.elements.title.value };
  correct.hidden = false;
  correct.addEventListener("submit", async (event) => {
    event.preventDefault();
    const status = correct.querySelector("[role=status]");
    const { proposed, model } = correct.dataset;
    try {
      const kept = await ask("POST", "/v1/feedback", { ...sent, proposed, model, final: correct.querySelector("select").value });
      status.textContent = kept.text_kept ? "Thank you; kept with its text." : "Thank you; kept without its text.";
    } catch (error) {
      status.textContent = words(error);
    }
  });
}

async function send() {
  const button = form.querySelector("[type=submit]");
  answer.setAttribute("aria-busy", "true");
  busy.textContent = "Reading the text";
  button.disabled = true;
  try {
    const response = await fetch("/", {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "X-Part": "answer" },
      signal: AbortSignal.timeout(30000),
    });
    if (!(response.headers.get("content-type") || "").startsWith("text/html")) throw new Error("not the page");
    const sent = new DOMParser().parseFromString(await response.text(), "text/html");
    show(...Array.from(sent.body.childNodes, copy));
  } catch {
    away();
  } finally {
    answer.setAttribute("aria-busy", "false");
    busy.textContent = "";
    button.disabled = false;
  }
}

/** Statements of marks: a tap on a mark opens its own, Escape closes all until something else is pointed at. */
answer.addEventListener("click", (event) => event.target.closest(".hit")?.querySelector("button").focus());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") answer.classList.add("hush");
});
for (const kind of ["mouseover", "focusin", "click"]) {
  answer.addEventListener(kind, () => answer.classList.remove("hush"));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
offerCorrection();
const examples = form.querySelector(".examples");
examples.hidden = false;
examples.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-text]");
  if (!chosen) return;
  form.elements.title.value = "";
  form.elements.text.value = chosen.dataset.text;
  form.requestSubmit();
});
