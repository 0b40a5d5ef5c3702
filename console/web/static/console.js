// What makes the console quicker for whoever has a script; every page works without it.
"use strict";

document.documentElement.classList.add("scripted");

// On a phone the menu is wider than the screen: it begins where one is.
document.querySelector(".bar nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

function typing(element) {
  return element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
}

async function copy(button) {
  const words = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    // Plain HTTP from another host has no clipboard: select what there is to copy.
    const shown = button.parentElement.querySelector("code");
    if (!shown) return;
    getSelection().selectAllChildren(shown);
    return;
  }
  const before = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => (button.textContent = before), 1500);
}

function rows() {
  return [...document.querySelectorAll("[data-row]")].filter((one) => one.checkVisibility());
}

function handle(row) {
  return row.querySelector("a, summary, button") ?? row;
}

function walk(step) {
  const all = rows();
  if (!all.length) return;
  const here = all.findIndex((one) => one.contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1);
  const target = handle(all[next]);
  if (target === all[next]) target.tabIndex = -1;
  target.focus();
  all[next].scrollIntoView({ block: "nearest" });
}

function help() {
  const dialog = document.getElementById("keys");
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

function act() {
  const summary = document.querySelector('[data-key="r"]');
  if (!summary) return;
  const details = summary.closest("details");
  if (details) {
    details.open = true;
    details.querySelector("input:not([type=hidden]), select, button")?.focus();
  } else summary.focus();
}

const KEYS = {
  "/": () => {
    const box = document.getElementById("find");
    box?.focus();
    box?.select();
  },
  j: () => walk(1),
  k: () => walk(-1),
  r: act,
  c: () => {
    const button = document.querySelector(".command [data-copy]");
    if (button) copy(button);
  },
  "?": help,
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && typing(document.activeElement)) {
    document.activeElement.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const does = KEYS[event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  else if (event.target.closest("[data-keys]")) help();
});

// A form is sent once: a second press before the answer would ask for the same again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

const live = document.querySelector("[data-live]");
if (live && "EventSource" in window) {
  const source = new EventSource(live.dataset.live);
  source.addEventListener("now", (event) => {
    const come = new DOMParser().parseFromString(event.data, "text/html");
    const focused = document.activeElement?.getAttribute?.("href");
    const inside = live.contains(document.activeElement);
    live.replaceChildren(...come.body.childNodes);
    if (inside && focused) live.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    const heading = live.querySelector("h1");
    if (heading) document.title = `${heading.textContent} · lunas`;
  });
  addEventListener("pagehide", () => source.close());
}
