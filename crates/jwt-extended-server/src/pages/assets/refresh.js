/**
 * Keeps pages of your app logged in with the cookies of jwt-extended, and tells all tabs of a logout.
 *
 *     import { keepLoggedIn } from "/assets/refresh.js";
 *     const session = keepLoggedIn({ onLogout: () => location.assign("/") });
 *     const answer = await session.fetch("/api/orders", { method: "POST", body });
 *     await session.logout();
 *
 * - `session.fetch` is `fetch` with the CSRF value. If the access token has expired, it refreshes and tries once more.
 * - The access token is refreshed shortly before it expires, while the page is visible: once for all tabs.
 * - `onLogout` is called in all tabs: after a logout, and when the session has ended.
 *
 * Options: `server`, the address of the login server's routes, by default the folder above this file; `expiresIn`, the
 * seconds until the access token expires, if the page knows them; `names`, if the cookies or the header have others.
 */
export function keepLoggedIn({ server = new URL("../", import.meta.url), expiresIn, onLogout, names } = {}) {
  const { access, refresh: renewing, header } =
    { access: "csrf_access_token", refresh: "csrf_refresh_token", header: "X-CSRF-TOKEN", ...names };
  const tabs = new BroadcastChannel("jwt-extended");
  const base = new URL(server, location.href);
  const own = [location.origin, base.origin];
  const value = (name) => document.cookie.split("; ").find((it) => it.startsWith(`${name}=`))?.slice(name.length + 1);
  const post = (path, csrf) =>
    fetch(new URL(path, base), { method: "POST", credentials: "include", headers: { [header]: csrf ?? "" } });
  let timer;

  function plan(seconds) {
    clearTimeout(timer);
    if (seconds) timer = setTimeout(whenVisible, Math.min(Math.max(seconds - 30, seconds * 0.8) * 1000, 2 ** 31 - 1));
  }
  function whenVisible() {
    if (!document.hidden) return refresh();
    document.addEventListener("visibilitychange", whenVisible, { once: true });
  }
  function over() {
    clearTimeout(timer);
    onLogout?.();
  }
  tabs.onmessage = ({ data }) => (data.over ? over() : plan(data.expiresIn));

  /** Refreshes, or waits for the tab that does so at the moment. Returns whether another try makes sense. */
  function refresh() {
    return navigator.locks.request("jwt-extended", { ifAvailable: true }, async (lock) => {
      if (!lock) return navigator.locks.request("jwt-extended", { mode: "shared" }, () => true);
      const answer = await post("refresh", value(renewing));
      if (answer.status === 401) tabs.postMessage({ over: true }), over();
      if (!answer.ok) return false;
      const { expires_in: seconds } = await answer.json().catch(() => ({}));
      tabs.postMessage({ expiresIn: seconds });
      plan(seconds);
      return true;
    });
  }
  async function send(resource, init = {}) {
    const target = new URL(resource.url ?? resource, location.href);
    const once = () => {
      const headers = new Headers(init.headers ?? resource.headers);
      if (own.includes(target.origin)) headers.set(header, value(access) ?? "");
      return fetch(resource.clone?.() ?? resource, { ...init, headers });
    };
    const answer = await once();
    // A token that is good and not fresh needs a login, not a refresh.
    const asksForLogin = answer.headers.get("WWW-Authenticate")?.includes("insufficient_user_authentication");
    return answer.status === 401 && !asksForLogin && (await refresh()) ? once() : answer;
  }
  async function logout() {
    const { ok } = await post("logout", value(access) ?? value(renewing));
    tabs.postMessage({ over: true });
    over();
    return ok;
  }
  plan(expiresIn);
  return { fetch: send, refresh, logout };
}

/** Tells all tabs that the session has ended, for a page that is shown after a logout. */
export const announceLogout = () => new BroadcastChannel("jwt-extended").postMessage({ over: true });
