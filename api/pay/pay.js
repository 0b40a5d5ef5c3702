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
  const words = left.dataset;
  const text = (seconds) => {
    const minutes = Math.floor(seconds / 60);
    if (minutes < 2) return minutes < 1 ? words.moment : words.minute;
    const hours = Math.floor(minutes / 60);
    if (minutes <= words.most) return words.minutes.replace("{number}", minutes);
    if (hours <= words.mostHours) return words.hours.replace("{number}", hours);
    return words.days.replace("{number}", Math.floor(hours / 24));
  };
  const show = () => {
    const seconds = (until - Date.now()) / 1000;
    left.textContent = seconds > 0 ? " (" + text(seconds) + ")" : "";
  };
  show();
  setInterval(show, 20000);
}
