// What the page can do more where scripts run: copy an example, find a call, field or code, and mark in the contents where the reader is.
"use strict";
const words = document.body.dataset;
for (const box of document.querySelectorAll(".code")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = words.copy;
  button.setAttribute("aria-label", `${words.copy}: ${box.querySelector("pre").getAttribute("aria-label")}`);
  button.addEventListener("click", async () => {
    const code = box.querySelector("pre");
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
    button.textContent = words.copied;
    setTimeout(() => { button.textContent = words.copy; }, 1500);
  });
  box.prepend(button);
}
const links = new Map();
for (const link of document.querySelectorAll("nav a")) {
  const name = link.hash.slice(1);
  links.set(name, [...(links.get(name) ?? []), link]);
}
const menu = document.querySelector("details.menu");
menu?.addEventListener("click", (event) => { if (event.target.closest("a")) menu.open = false; });
// All that has a name: calls and types by title and path, then the rows of their tables. Made when somebody first looks for something.
let names;
const named = () => names ??= [...document.querySelectorAll("main > section[id]")].flatMap((part) => {
  const title = part.querySelector("h2, h3").textContent;
  const rows = [...part.querySelectorAll("tbody tr > th")].map((cell) => {
    const own = cell.parentElement.id;
    return { text: cell.textContent, title: cell.textContent, place: own || part.id, of: own ? "" : title };
  });
  return [{ text: `${title} ${part.id} ${part.querySelector(".path")?.textContent ?? ""}`, title, place: part.id, of: "" }, ...rows];
});
const FOUND_MAX = 40;
for (const nav of document.querySelectorAll("nav")) {
  const box = document.createElement("input");
  const found = document.createElement("ul");
  const contents = document.createElement("div");
  box.type = "search";
  box.className = "finder";
  box.placeholder = words.find;
  box.setAttribute("aria-label", words.find);
  found.setAttribute("aria-live", "polite");
  contents.append(...nav.childNodes);
  nav.append(box, found, contents);
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    const begins = (one) => one.title.toLowerCase().startsWith(wanted);
    const fitting = wanted === "" ? [] : named().filter((one) => one.text.toLowerCase().includes(wanted));
    fitting.sort((one, other) => begins(other) - begins(one));
    contents.hidden = wanted !== "";
    found.replaceChildren(...fitting.slice(0, FOUND_MAX).map((one) => {
      const item = document.createElement("li");
      const link = item.appendChild(document.createElement("a"));
      link.className = "plain";
      link.href = `#${one.place}`;
      link.textContent = one.title;
      if (one.of) link.append(" ", Object.assign(document.createElement("span"), { className: "soft", textContent: one.of }));
      return item;
    }));
    if (wanted && !fitting.length) found.append(Object.assign(document.createElement("li"), { className: "soft", textContent: words.nothing }));
  });
}
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = [...document.querySelectorAll(".finder")].find((one) => one.checkVisibility());
  if (box) event.preventDefault();
  box?.focus();
});
let now = [];
const watch = new IntersectionObserver((seen) => {
  for (const one of seen) {
    if (!one.isIntersecting) continue;
    for (const link of now) link.removeAttribute("aria-current");
    now = links.get(one.target.id) ?? [];
    for (const link of now) link.setAttribute("aria-current", "true");
  }
}, { rootMargin: "0px 0px -75% 0px" });
for (const part of document.querySelectorAll("main > section")) watch.observe(part);
