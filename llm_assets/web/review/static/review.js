// The case page: keys, decisions that survive a lost connection, and the next cases fetched before they are needed.
"use strict";
(() => {
  const UNSENT = "review.unsent", MADE = "review.made", KEYS = "review.single-keys";
  const LATIN = /^[\x20-\x7e]$/;
  const ahead = new Map(), settled = new Set();
  let sending = false;

  const stored = (name) => JSON.parse(localStorage.getItem(name) || "[]");
  const store = (name, value) => localStorage.setItem(name, JSON.stringify(value));
  const element = (selector) => document.querySelector(selector);
  const shown = () => element("main.case");
  const words = (text) => (text || "").split(" ").filter(Boolean);
  const address = () => { const d = shown().dataset; return `${d.day}/${d.case}/${d.step}`; };

  // Under a Cyrillic layout a key's letter is not Latin: then its place on the keyboard counts.
  function keyOf(event) {
    if (event.key.length > 1 || LATIN.test(event.key)) return event.key;
    if (event.code.startsWith("Key")) return event.code.slice(3).toLowerCase();
    if (event.code.startsWith("Digit")) return event.code.slice(5);
    if (event.code === "Slash") return event.shiftKey ? "?" : "/";
    return event.key;
  }

  function say(text) {
    const said = element("#said");
    if (!said) return;
    said.textContent = text;
    said.hidden = !text;
  }

  function showKept() {
    const kept = element("#kept"), count = stored(UNSENT).length;
    if (!kept) return;
    kept.hidden = count === 0;
    kept.textContent = `${count} not sent yet`;
  }

  async function fetchPart(key) {
    const answer = await fetch(`/case/${key}?part=1`, { headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  function prefetch() {
    if (!shown()) return;
    for (const key of words(shown().dataset.next)) {
      if (ahead.has(key)) continue;
      ahead.set(key, fetchPart(key).catch(() => { ahead.delete(key); return null; }));
    }
  }

  async function show(key) {
    const part = (await ahead.get(key)) || (await fetchPart(key).catch(() => null));
    ahead.delete(key);
    if (part === null) {
      const other = [...ahead.keys()].find((each) => !settled.has(each) && each !== address());
      if (other) { await show(other); return; } // one that was fetched before the connection was lost
      say("The next case cannot be loaded now; it comes with the connection.");
      return;
    }
    element("#case").innerHTML = part;
    history.pushState({ key }, "", `/case/${key}`);
    document.title = element("#case h1").textContent;
    begin();
    look(key);
  }

  // The case was fetched before it was needed: colleagues learn of it now, and what has changed since is shown.
  async function look(key) {
    const [day, case_id, step] = key.split("/");
    const answer = await fetch("/looking", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ day, case_id, step }),
    }).catch(() => null);
    if (answer === null || !answer.ok) return;
    const told = await answer.json();
    if (address() !== key) return;
    if (String(told.seen) !== shown().dataset.seen && !settled.has(key)) {
      const part = await fetchPart(key).catch(() => null);
      if (part === null || address() !== key) return;
      element("#case").innerHTML = part;
    }
    shown().dataset.next = told.next.join(" ");
    const holder = element("#holder");
    holder.hidden = told.holder === null;
    holder.textContent = told.holder === null ? "" : `${told.holder} ${holder.dataset.also}`;
    prefetch();
  }

  function begin() {
    if (!shown()) return;
    const first = element("[data-doubtful]");
    element(".question").scrollIntoView({ block: "nearest" });
    if (first && shown().dataset.step !== "categories" && shown().dataset.step !== "drafts") first.focus({ preventScroll: true });
    else if (document.activeElement && document.activeElement !== document.body) document.activeElement.blur();
    prefetch();
  }

  // Fragments were fetched before some decisions were made: what is settled since is passed over.
  async function next() {
    const open = (keys) => keys.find((key) => !settled.has(key) && key !== address());
    let key = open(words(shown().dataset.next));
    if (!key) {
      const answer = await fetch(`/next?after=${encodeURIComponent(address())}`).catch(() => null);
      if (answer === null) { say("There is no connection; the next case comes with it."); return; }
      key = open(answer.ok ? (await answer.json()).next : []);
    }
    if (key) show(key);
    else location.assign(`/done?day=${shown().dataset.day}`);
  }

  function changes() {
    const values = {};
    for (const field of document.querySelectorAll("#answer [name]"))
      if (field.value !== field.dataset.original) values[field.name] = field.value;
    return values;
  }

  function decision(kind, values, members) {
    const d = shown().dataset;
    return { id: crypto.randomUUID(), kind, values, day: d.day, step: d.step, at: new Date().toISOString(), members, key: address() };
  }

  const alone = () => [{ case_id: shown().dataset.case, seen: Number(shown().dataset.seen) }];
  const alike = () => words(shown().dataset.cluster).map((each) => {
    const cut = each.lastIndexOf(":");
    return { case_id: each.slice(0, cut), seen: Number(each.slice(cut + 1)) };
  });

  function keep(made) {
    for (const member of made.members) {
      const key = `${made.day}/${member.case_id}/${made.step}`;
      if (made.kind === "undo") settled.delete(key); else settled.add(key);
    }
    store(UNSENT, [...stored(UNSENT), made]);
    if (made.kind !== "undo") store(MADE, [...stored(MADE), made].slice(-50));
    showKept();
    send();
  }

  async function send() {
    if (sending) return;
    sending = true;
    try {
      while (stored(UNSENT).length) {
        const [first] = stored(UNSENT);
        let answer;
        try {
          answer = await fetch("/decide", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(first),
          });
        } catch { break; }
        if (answer.status === 401) { location.assign("/signin"); return; }
        if (answer.status >= 500) break;
        const told = await answer.json();
        store(UNSENT, stored(UNSENT).filter((each) => each.id !== first.id)); // others were added meanwhile
        after(first, answer.status, told);
      }
    } finally {
      sending = false;
      showKept();
    }
  }

  function after(made, status, told) {
    const seen = Object.fromEntries((told.made || []).map((each) => [each.case_id, each.seen]));
    store(MADE, stored(MADE).map((each) => each.id !== made.id ? each :
      { ...each, members: each.members.map((m) => ({ ...m, seen: seen[m.case_id] ?? m.seen })) }));
    if (status < 400) return;
    store(MADE, stored(MADE).filter((each) => each.id !== made.id));
    if (status !== 409) { refuse(made, told.said || "That was not stored."); return; }
    const who = told.conflicts.map((each) => `${each.by}: ${Object.values(each.values).join(", ") || each.kind}`);
    refuse(made, `Decided meanwhile by ${who.join("; ")}. Yours was not stored.`);
  }

  // Another case is shown by now: what was refused stays above it, with the way back.
  function refuse(made, sentence) {
    for (const member of made.members) settled.delete(`${made.day}/${member.case_id}/${made.step}`);
    const refused = element("#refused"), back = document.createElement("a");
    if (!refused) return;
    back.href = `/case/${made.key}`;
    back.textContent = sentence;
    refused.replaceChildren(back);
    refused.hidden = false;
  }

  function confirm(members) {
    if (!element("#answer").reportValidity()) return;
    const values = changes();
    const made = decision(Object.keys(values).length ? "correct" : "approve", values, members);
    keep(made);
    next();
  }

  function choose(number) {
    const button = element(`.choice[data-key="${number}"]`), field = element("#find");
    if (!button || !field) return;
    field.value = button.dataset.value;
    for (const other of document.querySelectorAll(".choice")) other.classList.toggle("chosen", other === button);
  }

  async function undo() {
    const all = stored(MADE), last = all.pop();
    if (!last) { say("There is nothing to undo."); return; }
    store(MADE, all);
    const waiting = stored(UNSENT);
    for (const member of last.members) settled.delete(`${last.day}/${member.case_id}/${last.step}`);
    if (waiting.some((each) => each.id === last.id)) {
      store(UNSENT, waiting.filter((each) => each.id !== last.id));
      showKept();
    } else {
      keep({ ...last, id: crypto.randomUUID(), kind: "undo", values: {}, at: new Date().toISOString() });
      while (sending) await new Promise((done) => setTimeout(done, 30));
    }
    ahead.clear();
    await show(last.key);
    say("Undone.");
  }

  function act(name) {
    switch (name) {
      case "confirm": return confirm(alone());
      case "cluster": return confirm(alike().length > 1 ? alike() : alone());
      case "later": return next();
      case "dead": keep(decision("dead_letter", {}, alone())); return next();
      case "undo": return undo();
      case "help": return element("#help").showModal();
    }
    return undefined;
  }

  const typing = (target) => target.matches("input:not([type=checkbox]), textarea, select");
  const ACTS = { s: "later", j: "later", x: "dead", u: "undo", "?": "help" };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const begins = element("#begin");
    if (begins && event.key === "Enter" && event.target === document.body) { begins.click(); return; }
    if (!shown() || element("dialog[open]")) return;
    const key = keyOf(event);
    if (key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (key === "Enter" && !event.target.matches("textarea, button, a, summary")) {
      event.preventDefault();
      act(event.shiftKey ? "cluster" : "confirm");
      return;
    }
    if (typing(event.target) || localStorage.getItem(KEYS) === "off") return;
    if (key === "1" || key === "2") choose(key);
    else if (key === "k") history.back();
    else if (key === "/") element("#find")?.select();
    else if (key === "e") element("#answer [name]")?.focus();
    else if (ACTS[key]) act(ACTS[key]);
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const choice = event.target.closest(".choice"), button = event.target.closest("[data-act]");
    if (choice) choose(choice.dataset.key);
    else if (button && button.type !== "submit") act(button.dataset.act);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "answer") return;
    event.preventDefault();
    act("confirm");
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "single-keys") localStorage.setItem(KEYS, event.target.checked ? "on" : "off");
  });
  window.addEventListener("popstate", () => location.reload());
  window.addEventListener("online", send);
  setInterval(() => { if (stored(UNSENT).length) send(); }, 5000);

  const keys = element("#single-keys");
  if (keys) keys.checked = localStorage.getItem(KEYS) !== "off";
  showKept();
  send();
  begin();
})();
