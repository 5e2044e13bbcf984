// Makes the desk quicker: keys, previews as one types. Every page works without it. Nothing here writes HTML.
"use strict";

(() => {
  const has = document.documentElement.dataset.keys === "on";
  const isTyping = (target) =>
    target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|submit|button)$/.test(target.type);
  const rows = () => [...document.querySelectorAll("[data-row]")];
  let going = false;

  /** Puts the focus on the link of the next row in a direction. */
  const step = (by) => {
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const to = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    to?.querySelector("a[href]")?.focus();
    to?.scrollIntoView({ block: "nearest" });
  };

  /** Follows the link or presses the button that names a key. */
  const press = (key) => {
    const named = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!named) return false;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(named.tagName)) named.focus();
    else named.click();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.metaKey) return;
    if (event.ctrlKey) {
      if (event.key === "Enter" && event.target.form) event.target.form.requestSubmit(event.target.form.querySelector("[data-save]"));
      return;
    }
    if (event.key === "Escape") { document.activeElement?.blur(); return; }
    if (!has || isTyping(event.target)) return;
    const key = event.key;
    if (going) {
      going = false;
      const to = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      if (to) { event.preventDefault(); to.click(); }
      return;
    }
    const done = () => event.preventDefault();
    if (key === "g") { going = true; done(); }
    else if (key === "/") { document.getElementById("search")?.focus(); done(); }
    else if (key === "j") { step(1); done(); }
    else if (key === "k") { step(-1); done(); }
    else if (key === "?") { document.getElementById("keys")?.showModal?.(); done(); }
    else if (key === "x") {
      const box = document.activeElement?.closest?.("[data-row]")?.querySelector("input[type=checkbox]");
      if (box) { box.click(); done(); }
    }
    else if (key === "o") {
      const link = document.activeElement?.closest?.("[data-row]")?.querySelector("a[href]");
      if (link) { link.click(); done(); }
    }
    else if (key === "a") {
      const boxes = rows().map((row) => row.querySelector("input[type=checkbox]")).filter(Boolean);
      const all = boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = !all;
      if (boxes.length) done();
    }
    else if (press(key)) done();
  });
})();

// A form that names an address to preview at is sent there as one types; the answer is a page of ours, of which only texts are
// taken over.
(() => {
  const WAIT_MS = 500;
  for (const form of document.querySelectorAll("form[data-live]")) {
    let timer, asked;
    const renew = async () => {
      asked?.abort();
      asked = new AbortController();
      try {
        const answer = await fetch(form.dataset.live, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: asked.signal });
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live-part]")) {
          const text = page.getElementById(part.id)?.textContent ?? "";
          part.textContent = text;
          if (part.id.endsWith("-faults")) part.hidden = text === "";
        }
      } catch { /* the next letter typed tries again */ }
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(renew, WAIT_MS); });
  }
})();

// A page that may have changed says so, quietly, and leads to itself; nothing on it moves. Only a page that is seen listens:
// browsers allow six lines to a server without HTTP/2.
(() => {
  const news = document.querySelector("[data-watch]");
  if (!news || !window.EventSource) return;
  const changed = new Set();
  let source, last = "", over = false;
  const listen = () => {
    source?.close();
    if (document.hidden || over) return;
    source = new EventSource(last ? `/events?after=${encodeURIComponent(last)}` : "/events");
    source.addEventListener("beat", (event) => { last = event.lastEventId; });
    source.addEventListener("over", () => { over = true; source.close(); });
    source.addEventListener("message", (event) => {
      last = event.lastEventId;
      if (news.dataset.watch && news.dataset.watch !== event.data) return;
      changed.add(event.data);
      const link = news.querySelector("a") ?? news.appendChild(document.createElement("a"));
      link.href = news.dataset.here;
      link.textContent = changed.size === 1 ? news.dataset.one : news.dataset.many.replace("{}", changed.size);
    });
  };
  document.addEventListener("visibilitychange", listen);
  listen();
})();
