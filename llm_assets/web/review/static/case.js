// Beside the keys of review.js: the passage of the field in which a person is, and the draft below the question.
"use strict";
document.addEventListener("focusin", (event) => {
  const name = event.target.name;
  if (!name || !event.target.closest("#answer")) return;
  let first = null;
  for (const mark of document.querySelectorAll(".original mark")) {
    const own = mark.dataset.names.split(" ").includes(name);
    mark.classList.toggle("now", own);
    if (own && !first) first = mark;
  }
  if (first) first.scrollIntoView({ block: "nearest" });
});

// The text stays in the form until the desk has it; a colleague's decision meanwhile is not overwritten.
async function saveDraft(button) {
  const form = button.closest("form.draft"), said = form.querySelector(".draft-said"), shown = document.querySelector("main.case").dataset;
  const say = (text) => { said.textContent = text; said.hidden = false; };
  const values = {};
  for (const field of form.querySelectorAll("[name]")) if (field.value !== field.dataset.original) values[field.name] = field.value;
  if (Object.keys(values).length === 0) { say(button.dataset.unchanged); return; }
  const at = new Date().toISOString();
  const made = { kind: "correct", values, day: shown.day, step: "drafts", at, members: [{ case_id: shown.case, seen: Number(form.dataset.seen) }] };
  button.disabled = true;
  try {
    const answer = await fetch("/decide", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(made) });
    const told = await answer.json();
    if (!answer.ok) {
      say(told.said || (told.conflicts || []).map((each) => `${each.by}: ${Object.values(each.values).join(", ") || each.kind}`).join("; "));
      return;
    }
    form.dataset.seen = told.made[0].seen;
    for (const field of form.querySelectorAll("[name]")) field.dataset.original = field.value;
    say(button.dataset.saved);
  } catch {
    say(button.dataset.failed);
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save-draft]");
  if (button) saveDraft(button);
});
