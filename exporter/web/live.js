"use strict";
// Fetches this page again and again and brings what is shown up to date in its place. Elements stay the same ones, so
// focus, open details, scrolling and selected text stay too.
(() => {
  const EVERY = 3000, SLOWEST = 30000, PATIENCE = 10000;
  const PARTS = ["about", "main"];
  const byId = (id) => document.getElementById(id);
  const look = () => document.querySelector("meta[name=look]")?.content;
  let tag = "", wait = EVERY, timer = 0, busy = false;

  async function fetchAgain() {
    clearTimeout(timer);
    if (document.hidden || busy) return;
    busy = true;
    try {
      await take(await ask());
      wait = EVERY;
    } catch {
      wait = Math.min(wait * 2, SLOWEST);
      say(byId("connection"), `As of ${byId("as-of")?.textContent ?? "the start"}: no answer since. Trying again.`);
    }
    busy = false;
    timer = setTimeout(fetchAgain, wait);
  }

  function ask() {
    const headers = {Accept: "text/html"};
    if (tag) headers["If-None-Match"] = tag;
    const signal = AbortSignal.timeout(PATIENCE);
    return fetch(location.pathname + location.search, {headers, signal, cache: "no-store"});
  }

  async function take(answer) {
    if (answer.status !== 304) {
      if (!answer.ok && answer.status !== 404) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const theirs = fresh.querySelector("meta[name=look]")?.content;
      if (!theirs) throw new Error("not our page");
      if (theirs !== look()) return location.reload();
      tag = answer.headers.get("ETag") ?? "";
      show(fresh);
    }
    say(byId("connection"), "");
  }

  function show(fresh) {
    const before = phases(), focused = document.activeElement, steady = looksAt(focused), top = topOf(steady);
    for (const id of PARTS) {
      const mine = byId(id), theirs = fresh.getElementById(id);
      if (mine && theirs) morph(mine, theirs);
    }
    document.title = fresh.title;
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({preventScroll: true});
    if (steady?.isConnected && (scrollY > 0 || steady === focused)) scrollBy(0, topOf(steady) - top);
    const news = changes(before, phases());
    if (news) say(byId("news"), news);
  }

  function looksAt(focused) {
    const {top = -1, bottom = -1} = focused === document.body ? {} : focused?.getBoundingClientRect() ?? {};
    if (top >= 0 && bottom <= innerHeight) return focused;
    return document.elementFromPoint(innerWidth / 2, innerHeight / 3)?.closest("[id]");
  }

  function topOf(element) {
    return element?.getBoundingClientRect().top ?? 0;
  }

  function phases() {
    const shown = document.querySelectorAll("[data-phase]");
    return new Map(Array.from(shown, (one) => [one.id, [one.dataset.name, one.dataset.phase]]));
  }

  function changes(before, after) {
    const said = [];
    for (const [id, [name, phase]] of after)
      if (before.get(id)?.[1] !== phase) said.push(`${name}: ${phase}`);
    const more = said.length > 5 ? `; and ${said.length - 5} more` : "";
    return said.slice(0, 5).join("; ") + more;
  }

  function say(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }

  function morph(mine, theirs) {
    if (mine.nodeType === Node.TEXT_NODE) return retell(mine, theirs);
    for (const {name} of Array.from(mine.attributes))
      if (!theirs.hasAttribute(name) && !(name === "open" && mine.localName === "details")) mine.removeAttribute(name);
    for (const {name, value} of theirs.attributes)
      if (mine.getAttribute(name) !== value && !(name === "open" && mine.localName === "details"))
        mine.setAttribute(name, value);
    morphChildren(mine, theirs);
  }

  function retell(mine, theirs) {
    const selection = getSelection();
    const held = selection && !selection.isCollapsed && selection.containsNode(mine, true);
    if (mine.data !== theirs.data && !held) mine.data = theirs.data;
  }

  function morphChildren(mine, theirs) {
    const wanted = new Set(Array.from(theirs.children, (child) => child.id).filter(Boolean));
    const kept = new Map();
    for (const child of Array.from(mine.children)) {
      if (!child.id) continue;
      if (wanted.has(child.id)) kept.set(child.id, child);
      else child.remove();
    }
    let place = mine.firstChild;
    for (const child of theirs.childNodes) {
      const own = child.id ? kept.get(child.id) : place;
      if (own && alike(own, child)) {
        if (own !== place && place?.nextElementSibling === own) mine.append(place);
        else if (own !== place) mine.insertBefore(own, place);
        morph(own, child);
        place = own.nextSibling;
      } else {
        mine.insertBefore(document.importNode(child, true), place);
      }
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  function alike(mine, theirs) {
    return mine.nodeType === theirs.nodeType && mine.nodeName === theirs.nodeName && (mine.id ?? "") === (theirs.id ?? "");
  }

  document.addEventListener("visibilitychange", fetchAgain);
  addEventListener("online", fetchAgain);
  timer = setTimeout(fetchAgain, EVERY);
})();
