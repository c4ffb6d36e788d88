// Live updates, and forms without a reload. The page works without this script;
// with it, what the server shows is fetched and laid over what is there, so that
// focus, unfinished texts and what a screen reader has read stay.
"use strict";

(() => {
  const live = () => document.querySelector("main[data-live]");
  if (!live()) return;

  // Laying a fetched page over the shown one.

  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id : "");
  const isInput = (node) => /^(INPUT|TEXTAREA|SELECT)$/.test(node.nodeName);

  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName || keyOf(old) !== keyOf(fresh)) {
      old.replaceWith(fresh);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      const own = name === "open" && old.nodeName === "DETAILS"; // opened by the visitor
      if (!own && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    if (isInput(old)) return; // what is being written stays
    morphChildren(old, fresh);
  }

  function morphChildren(old, fresh) {
    const wanted = new Set([...fresh.childNodes].map(keyOf));
    const known = new Map();
    for (const node of [...old.childNodes]) {
      const key = keyOf(node);
      if (key && wanted.has(key)) known.set(key, node);
      else if (key) node.remove();
    }
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const key = keyOf(next);
      let same = key ? known.get(key) : null;
      if (!key && at && !keyOf(at) && at.nodeName === next.nodeName) same = at;
      if (!same) {
        old.insertBefore(next, at);
        continue;
      }
      if (same === at) at = at.nextSibling;
      else old.insertBefore(same, at);
      morph(same, next);
    }
    while (at) {
      const rest = at.nextSibling;
      at.remove();
      at = rest;
    }
  }

  // asked: the visitor did something. What was said about an act before stays
  // until then, whatever else changes.
  function show(html, address, asked) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.querySelector("main[data-live]");
    if (!fresh || page.documentElement.lang !== document.documentElement.lang) {
      location.assign(address);
      return;
    }
    if (!asked) fresh.querySelector(".flash").replaceWith(live().querySelector(".flash").cloneNode(true));
    const focused = document.activeElement;
    morph(live(), document.adoptNode(fresh));
    if (focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
    document.title = page.title;
    const back = document.querySelector(".languages [name=back]");
    back.value = page.querySelector(".languages [name=back]").value;
    tick();
  }

  // One page is fetched at a time; what changes meanwhile is fetched after it.

  let busy = false;
  let again = false;

  async function refresh() {
    if (document.hidden) return; // fetched when it is looked at again
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    const address = location.href;
    try {
      const answer = await fetch(address);
      const html = await answer.text();
      if (answer.ok && address === location.href) show(html, address, false);
    } catch {
      // The server is away: its stream comes back, and with it the next refresh.
    }
    busy = false;
    if (again) refresh();
  }

  async function go(address, options, push) {
    const answer = await fetch(address, options);
    const html = await answer.text();
    if (push && answer.url !== location.href) history.pushState(null, "", answer.url);
    show(html, answer.url, true);
    return answer.ok;
  }

  // Forms and links.

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!("live" in form.dataset)) return;
    event.preventDefault();
    const button = event.submitter;
    if (button?.disabled) return;
    const data = new FormData(form, button);
    const multipart = form.enctype === "multipart/form-data";
    try {
      const ok = await go(form.action, { method: "POST", body: multipart ? data : new URLSearchParams(data) }, true);
      if (ok && "clear" in form.dataset && form.isConnected && !document.querySelector(".flash p")) form.reset();
      if (ok && "close" in form.dataset) form.closest("details")?.removeAttribute("open");
    } catch {
      // Whether it arrived is not known: nothing is sent again by itself.
      const said = document.createElement("p");
      said.textContent = live().dataset.offline;
      document.querySelector(".flash").replaceChildren(said);
    }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-live]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.href, {}, true).catch(() => location.assign(link.href));
  });

  addEventListener("popstate", () => go(location.href, {}, false).catch(() => location.reload()));

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("[data-enter]");
    if (!field || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    field.form.requestSubmit();
  });

  // Clocks.

  const stopwatch = (ms, day) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const days = Math.floor(s / 86400);
    return `${days ? `${days} ${day} ` : ""}${Math.floor(s / 3600) % 24}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  };

  function tick() {
    for (const at of document.querySelectorAll("[data-since], [data-until]")) {
      const { since, until, day } = at.dataset;
      at.textContent = stopwatch(since ? Date.now() - Date.parse(since) : Date.parse(until) - Date.now(), day);
    }
  }
  setInterval(tick, 1000);
  tick();

  // What is shown for a time only is fetched again when that is over.
  setInterval(() => {
    const at = document.querySelector("[data-gone]");
    if (at && Date.parse(at.dataset.gone) < Date.now() - 1000) refresh(); // written in whole seconds
  }, 1000);

  // Streams: one for the phones, one of the desk's own API. Neither says what to
  // show, only that something changed after what the page shows; several changes
  // are fetched at once. A browser gives a stream up when it was refused, as after
  // a restart of the server: then the page gets a new session. A page that nobody
  // sees has none, because a browser has few connections to spare.

  let soon = 0;
  let streams = [];

  function changed() {
    clearTimeout(soon);
    soon = setTimeout(refresh, 80);
  }

  function open(address, known, events) {
    const stream = new EventSource(known ? `${address}?after=${known}` : address);
    for (const name of events) stream.addEventListener(name, changed);
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(resume, 2000);
    });
    return stream;
  }

  function listen() {
    for (const stream of streams) stream.close();
    streams = [];
    if (document.hidden) return;
    const { phones, desk } = live().dataset;
    streams = [open("/demo/events", phones, ["phones"])];
    // Pages without a desk watch the phones alone.
    if (live().dataset.live !== "phones") streams.push(open("/v1/events", desk, ["conversation", "reset"]));
  }

  const resume = () => refresh().then(listen);

  document.addEventListener("visibilitychange", resume);
  listen();
})();
