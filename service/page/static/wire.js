"use strict";

/** How both parts of the page talk to the service, and what they say when it does not answer. */
const AWAY = "The server does not answer. Try again in a moment.";

/** What is said of an error: its own words where the service gave them. */
function words(error) {
  return error instanceof Refused ? error.message : AWAY;
}

class Refused extends Error {}

function keyed() {
  const key = document.getElementById("key")?.value;
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Ask the API; raise Refused, with the service's own words, where it says no. */
async function ask(method, path, body = undefined) {
  const response = await fetch(path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: { ...keyed(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    signal: AbortSignal.timeout(30000),
  });
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new Refused(answer.detail);
  return answer;
}

/** Make an element that shows a text as text. */
function make(tag, text = null, attributes = {}, namespace = null) {
  const made = namespace ? document.createElementNS(namespace, tag) : document.createElement(tag);
  if (text !== null) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
