// Replaces the content when it changed; what is open or focused stays so. Without script, the page reloads itself.
"use strict";
const content = document.getElementById("content");
let last = "";
async function refresh() {
  try {
    const answer = await fetch("/content", { cache: "no-store" });
    if (!answer.ok) return;
    const text = await answer.text();
    if (text === last) return;
    last = text;
    const next = new DOMParser().parseFromString(text, "text/html");
    const open = [...content.querySelectorAll("details")].map((one) => one.open);
    const focused = [...content.querySelectorAll("a, summary, [tabindex]")].indexOf(document.activeElement);
    document.title = next.title;
    content.replaceChildren(...next.getElementById("content").childNodes);
    content.querySelectorAll("details").forEach((one, at) => { if (open[at] !== undefined) one.open = open[at]; });
    if (focused >= 0) content.querySelectorAll("a, summary, [tabindex]")[focused]?.focus({ preventScroll: true });
  } catch {
    // The server is gone: what was shown last stays.
  }
}
setInterval(refresh, 2000);
