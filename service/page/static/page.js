"use strict";

/** Send the form without leaving the page; without this script the form works all the same. */
const form = document.getElementById("classify");
const answer = document.getElementById("answer");

function show(html) {
  answer.innerHTML = html; // made by our templates, which escape all that was sent
  answer.querySelector("h2")?.focus();
  offerCorrection();
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
    const said = { ...sent, proposed: correct.dataset.proposed, model: correct.dataset.model, final: correct.querySelector("select").value };
    const key = form.elements.key?.value;
    try {
      const response = await fetch("/v1/feedback", {
        method: "POST",
        body: JSON.stringify(said),
        headers: { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) },
      });
      const kept = await response.json();
      if (!response.ok) status.textContent = kept.detail;
      else status.textContent = kept.text_kept ? "Thank you; kept with its text." : "Thank you; kept without its text.";
    } catch {
      status.textContent = "The server does not answer. Try again in a moment.";
    }
  });
}

function away() {
  show(`<div class="card wrong" role="alert"><h2 tabindex="-1">The server does not answer</h2>
    <p>Your text is still here. Try again in a moment.</p></div>`);
}

async function send() {
  const button = form.querySelector("[type=submit]");
  answer.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const response = await fetch("/", {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "X-Part": "answer" },
      signal: AbortSignal.timeout(30000),
    });
    if (!(response.headers.get("content-type") || "").startsWith("text/html")) throw new Error("not the page");
    show(await response.text());
  } catch {
    away();
  } finally {
    answer.setAttribute("aria-busy", "false");
    button.disabled = false;
  }
}

if (form) {
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
}
