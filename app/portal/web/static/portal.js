// Shows a transcript as soon as it is made. Without this script the page reloads itself.
const waiting = document.querySelector("[data-waiting-for]");

async function look() {
  try {
    const answer = await fetch(waiting.dataset.waitingFor);
    if (answer.ok && (await answer.json()).state === "made") {
      location.reload();
      return;
    }
  } catch {
    // Offline for a moment: look again.
  }
  setTimeout(look, 1000);
}

if (waiting) setTimeout(look, 300);
