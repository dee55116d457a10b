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
  // The page's language: a sentence of `in_browser.py`, with its values filled in.
  const spoken = JSON.parse(document.body.dataset.words || "{}");
  const t = (text, values = {}) => (spoken[text] || text).replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? "");
  const address = () => { const d = shown().dataset; return `${d.day}/${d.case}/${d.step}`; };

  // Under a Cyrillic layout a key's letter is not Latin: then its place on the keyboard counts. Kazakh layouts have quotes and
  // letters where others have digits, Russian ones a full stop and a comma where others have the slash.
  function keyOf(event) {
    if (event.key.length > 1) return event.key;
    if (event.code.startsWith("Digit") && !event.shiftKey) return event.code.slice(5);
    if (event.code === "Slash" && ".,№".includes(event.key)) return event.shiftKey ? "?" : "/";
    if (LATIN.test(event.key)) return event.key;
    if (event.code.startsWith("Key")) return event.code.slice(3).toLowerCase();
    return event.key;
  }

  function say(text) {
    const said = element("#said");
    if (!said) return;
    said.textContent = t(text);
    said.hidden = !text;
  }

  function showKept() {
    const kept = element("#kept"), count = stored(UNSENT).length;
    if (!kept) return;
    kept.hidden = count === 0;
    kept.textContent = t("%(num)s not sent yet", { num: count });
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

  // `passing`: it comes next, nobody asked for it; what a colleague has settled meanwhile is passed over then.
  async function show(key, passing = false) {
    const part = (await ahead.get(key)) || (await fetchPart(key).catch(() => null));
    ahead.delete(key);
    if (passing && part !== null && / data-decided/.test(part) && isSettled(await looking(key), key)) return next();
    if (part === null) {
      const other = [...ahead.keys()].find((each) => !settled.has(each) && each !== address());
      if (other) { await show(other, passing); return; } // one that was fetched before the connection was lost
      say("The next case cannot be loaded now; it comes with the connection.");
      return;
    }
    element("#case").innerHTML = part;
    history.pushState({ key }, "", `/case/${key}`);
    document.title = element("#case h1").textContent;
    begin();
    look(key, passing);
  }

  // Colleagues learn that the case is looked at; null without an answer.
  async function looking(key) {
    const [day, case_id, step] = key.split("/");
    const answer = await fetch("/looking", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ day, case_id, step }),
    }).catch(() => null);
    return answer !== null && answer.ok ? answer.json() : null;
  }

  function isSettled(told, key) {
    const by_others = told !== null && !told.open && !settled.has(key);
    if (by_others) settled.add(key);
    return by_others;
  }

  // The case was fetched before it was needed: what has changed since is shown.
  async function look(key, passing) {
    const told = await looking(key);
    if (told === null || address() !== key) return;
    if (passing && !Object.keys(changes()).length && isSettled(told, key)) { await next(); return; }
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
    if (key) await show(key, true);
    else location.assign(`/done?day=${shown().dataset.day}`);
  }

  // A category is shown in readers' words and sent under its name; other fields hold what is sent.
  function given(field) {
    const options = field.id === "find" ? [...field.list.options] : [];
    return options.find((each) => each.value === field.value.trim())?.dataset.name ?? field.value;
  }

  function changes() {
    const values = {};
    for (const field of document.querySelectorAll("#answer [name]"))
      if (given(field) !== field.dataset.original) values[field.name] = given(field);
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
    if ((told.unlabelled || []).length) // stored all the same
      point(made.key, t("Stored, but not in the control set: %(why)s", { why: told.unlabelled.join("; ") }));
    if (status < 400) return;
    store(MADE, stored(MADE).filter((each) => each.id !== made.id));
    if (status !== 409) { refuse(made, told.said || t("That was not stored.")); return; }
    const who = told.conflicts.map((each) => `${each.by}: ${Object.values(each.values).join(", ") || each.kind}`);
    refuse(made, t("Decided meanwhile by %(who)s. Yours was not stored.", { who: who.join("; ") }));
  }

  // Another case is shown by now: what was refused stays above it, with the way back.
  function refuse(made, sentence) {
    for (const member of made.members) settled.delete(`${made.day}/${member.case_id}/${made.step}`);
    point(made.key, sentence);
  }

  function point(key, sentence) {
    const refused = element("#refused"), back = document.createElement("a");
    if (!refused) return;
    back.href = `/case/${key}`;
    back.textContent = sentence;
    refused.replaceChildren(back);
    refused.hidden = false;
  }

  function confirm(members) {
    if (!element("#answer").reportValidity()) return;
    const values = changes(), changed = Object.keys(values).length > 0;
    // A colleague has settled it while it was on its way here: who changes nothing agrees, and writes nothing over theirs.
    if (!changed && members.length === 1 && ["approve", "correct"].includes(shown().dataset.decided)) { settled.add(address()); next(); return; }
    const made = decision(changed ? "correct" : "approve", values, members);
    keep(made);
    next();
  }

  // What is on the page is decided without leaving it; false when it was not stored. A draft is not decided by the way.
  async function decidedHere() {
    const d = shown().dataset, here = address(), values = changes(), changed = Object.keys(values).length > 0;
    if (d.step === "drafts" || ("decided" in d && !changed)) return true;
    if (!element("#answer").reportValidity()) return false;
    const made = decision(changed ? "correct" : "approve", values, alone());
    keep(made);
    while (sending) await new Promise((done) => setTimeout(done, 30));
    const kept = stored(MADE).find((each) => each.id === made.id);
    if (stored(UNSENT).some((each) => each.id === made.id)) { say("There is no connection; your decision is kept."); return false; }
    if (!kept) return false;
    if (shown() && address() === here) {
      d.decided = "";
      d.seen = kept.members[0].seen;
      for (const field of document.querySelectorAll("#answer [name]")) field.dataset.original = given(field);
    }
    return true;
  }

  async function ask(path, day, case_id) {
    try {
      const answer = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ day, case_id }),
      });
      if (answer.status === 401) location.assign("/signin");
      return await answer.json();
    } catch {
      return { said: t("The desk does not answer now; try again when the connection is back.") };
    }
  }

  async function draftNow() {
    const here = address(), { day, case: caseId } = shown().dataset, key = `${day}/${caseId}/drafts`;
    if (!(await decidedHere())) return;
    if (address() === here) say("The draft is being written…");
    const told = await ask("/draft-now", day, caseId);
    const sentence = told.said || (told.status === "open" ? t("The draft is asked for and comes later.") : "");
    if (told.seen) store(MADE, stored(MADE).map((each) => each.step !== "drafts" || each.day !== day ? each :
      { ...each, members: each.members.map((m) => m.case_id === caseId ? { ...m, seen: told.seen } : m) }));
    ahead.delete(key);
    if (address() !== here) point(sentence ? here : key, sentence || t("The draft is ready."));
    else if (sentence) say(sentence);
    else await show(key);
  }

  async function label() {
    const here = address(), { day, case: caseId } = shown().dataset;
    if (!(await decidedHere())) return;
    const told = await ask("/label", day, caseId);
    if (address() !== here) { if (told.said) point(here, told.said); return; }
    if (told.said) { say(told.said); return; }
    await next();
    say(t("In the control set: %(category)s.", { category: told.category.replaceAll("_", " ") }));
  }

  function sendBack() {
    const made = decision("send_back", element("#remark").value.trim() ? { remark: element("#remark").value } : {}, alone());
    element("#remark").value = "";
    keep(made);
    next();
  }

  function choose(number) {
    const button = element(`.choice[data-key="${number}"]`), field = element("#find");
    if (!button || !field) return;
    field.value = [...field.list.options].find((each) => each.dataset.name === button.dataset.value)?.value ?? button.dataset.value;
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
      case "draft": return draftNow();
      case "label": return label();
      case "back": element("#back").returnValue = ""; return element("#back").showModal();
      case "help": return element("#help").showModal();
    }
    return undefined;
  }

  const typing = (target) => target.matches("input:not([type=checkbox]), textarea, select");
  const ACTS = { s: "later", j: "later", x: "dead", u: "undo", d: "draft", b: "back", g: "label", "?": "help" };

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
  element("#back")?.addEventListener("close", (event) => { if (event.target.returnValue === "send") sendBack(); });
  window.addEventListener("popstate", () => location.reload());
  window.addEventListener("online", send);
  setInterval(() => { if (stored(UNSENT).length) send(); }, 5000);

  const keys = element("#single-keys");
  if (keys) keys.checked = localStorage.getItem(KEYS) !== "off";
  showKept();
  send();
  begin();
})();
