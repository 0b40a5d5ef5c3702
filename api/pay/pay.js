// Makes the payment page live. Nothing here is needed to pay: without it the page is reloaded by hand.
"use strict";
document.documentElement.classList.add("scripted");

const main = document.querySelector("main.pay");
const events = new EventSource(main.dataset.page + "/events");
events.addEventListener("state", (event) => {
  if (event.data !== main.dataset.state) location.replace(main.dataset.page + "?lang=" + main.dataset.language);
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    } catch {
      // Not allowed to write to the clipboard: the number is marked, so that it can be copied by hand.
      getSelection().selectAllChildren(document.getElementById("number"));
    }
  });
}

const left = document.getElementById("left");
if (left) {
  const until = Date.parse(left.dataset.until);
  const show = () => {
    const minutes = Math.floor((until - Date.now()) / 60000);
    const [text, number] =
      minutes <= left.dataset.most ? [left.dataset.minutes, minutes] : [left.dataset.hours, Math.floor(minutes / 60)];
    left.textContent = minutes > 0 ? " (" + text.replace("{number}", number) + ")" : "";
  };
  show();
  setInterval(show, 20000);
}
