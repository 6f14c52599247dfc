// What the pages of the login server do beyond their forms: a countdown, hints, and one logout for all tabs.
import { announceLogout, keepLoggedIn } from "./refresh.js";

const { root, csrfAccess, csrfRefresh, csrfHeader, csrfField, expiresIn, seconds, second, minutes } =
  document.documentElement.dataset;
const at = (path) => new URL(root + path, location.href);
const fill = (text, name, value) => text.replace(`{${name}}`, value);

if (csrfAccess && expiresIn) {
  const names = { access: csrfAccess, refresh: csrfRefresh, header: csrfHeader };
  const onLogout = () => location.assign(at("account?note=logged-out"));
  const session = keepLoggedIn({ server: at(""), expiresIn: Number(expiresIn), onLogout, names });
  document.documentElement.dataset.tabs = "on";
  // A refresh of another tab has changed the value since the page was made.
  document.addEventListener("submit", ({ target }) => {
    const field = target.elements.namedItem(csrfField);
    const value = document.cookie.split("; ").find((it) => it.startsWith(`${csrfAccess}=`));
    if (field && value) field.value = value.slice(csrfAccess.length + 1);
  });
  if (document.querySelector("[data-playground]")) {
    import("./playground.js").then(({ play }) => play(session, at));
  }
}
if (document.querySelector("[data-logged-out]")) announceLogout();
if (!navigator.cookieEnabled) {
  for (const hint of document.querySelectorAll("[data-cookies-blocked]")) hint.hidden = false;
}

// Nobody sees a page again that belongs to a session which is over.
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

// Counts down how long to wait before the next attempt.
const wait = document.querySelector("[data-wait]");
if (wait) {
  const until = Date.now() + Number(wait.dataset.wait) * 1000;
  const buttons = [...document.querySelectorAll("[data-after-wait]")];
  const inWords = (left) => {
    if (left === 1) return second;
    return left < 120 ? fill(seconds, "count", left) : fill(minutes, "count", Math.ceil(left / 60));
  };
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    for (const button of buttons) button.disabled = left > 0;
    wait.textContent = left > 0 ? fill(wait.dataset.text, "time", inWords(left)) : wait.dataset.over;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}

// Times as the browser writes them, for those who point at them.
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = new Date(time.dateTime).toLocaleString(document.documentElement.lang);
}
