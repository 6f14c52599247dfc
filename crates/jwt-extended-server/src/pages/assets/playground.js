// The playground of the demo: calls routes, and shows each request with its answer and the same call as a curl line.

const clocks = new Map();
const make = (name, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(name), attributes);
  element.append(...children);
  return element;
};

/** Shows `4:12` until a time in seconds since 1970. */
function clock(element, end) {
  clocks.set(element, end);
  tick();
}
function tick() {
  for (const [element, end] of clocks) {
    const left = Math.max(0, Math.round(end - Date.now() / 1000));
    const [days, hours] = [Math.floor(left / 86400), Math.floor(left / 3600) % 24];
    const [minutes, seconds] = [Math.floor(left / 60) % 60, String(left % 60).padStart(2, "0")];
    const time = `${hours ? `${hours}:${String(minutes).padStart(2, "0")}` : minutes}:${seconds}`;
    element.textContent = left ? `expires in ${days ? `${days} days, ` : ""}${time}` : "expired";
  }
}

export function play(session, at) {
  for (const cell of document.querySelectorAll("[data-expires]")) clock(cell, Number(cell.dataset.expires));
  setInterval(tick, 1000);
  for (const form of document.querySelectorAll("form[data-call]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      call(form).catch((error) => show(form, "", `${error}`, ""));
    });
  }

  async function call(form) {
    const { call: path, csrf: cookie } = form.dataset;
    const method = form.method.toUpperCase();
    const value = document.cookie.split("; ").find((it) => it.startsWith(`${cookie}=`))?.slice(cookie.length + 1);
    const header = document.documentElement.dataset.csrfHeader;
    const headers = method === "POST" ? { [header]: value } : {};
    const answer = await fetch(at(path), { method, headers });
    const sent = [`${method} ${at(path).pathname}`, ...Object.entries(headers).map(([name, it]) => `${name}: ${it}`)];
    const got = [`${answer.status} ${answer.statusText}`];
    const challenge = answer.headers.get("WWW-Authenticate");
    if (challenge) got.push(`WWW-Authenticate: ${challenge}`);
    got.push("", await answer.text());
    const csrf = method === "POST"
      ? ` -H "${header}: $(awk '$6 == "${cookie}" {print $7}' cookie-jar.txt)"`
      : "";
    const jar = path === "refresh" ? " -c cookie-jar.txt" : "";
    show(form, [...sent, "Cookie: (the browser adds it, and scripts cannot read it)"].join("\n"), got.join("\n"),
      `curl -X ${method}${csrf} ${at(path)} -b cookie-jar.txt${jar}`, answer.status);
    await claims();
  }

  function show(form, sent, got, curl, status) {
    const copy = make("button", { type: "button", className: "quiet", textContent: "Copy" });
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(curl);
      copy.textContent = "Copied";
    });
    const entry = make("li", {},
      make("h3", { textContent: form.querySelector("button").textContent }),
      make("h4", { textContent: "Sent" }), make("pre", { textContent: sent, tabIndex: 0 }),
      make("h4", { textContent: "Got" }), make("pre", { textContent: got, tabIndex: 0 }),
      make("h4", { textContent: "The same with curl" }),
      make("div", { className: "copied" }, make("pre", { textContent: curl, tabIndex: 0 }), copy));
    if (status === 401 && got.includes("Fresh token required")) {
      entry.append(make("p", {}, make("a", { href: at("?then=playground"), textContent: "Log in again for a fresh token" })));
    }
    document.querySelector("[data-calls]").prepend(entry);
  }

  /** Shows the claims of the new tokens. */
  async function claims() {
    const answer = await fetch(at("playground/claims"));
    if (!answer.ok) return;
    clocks.clear();
    for (const token of await answer.json()) {
      const body = document.querySelector(`[data-claims="${token.kind}"]`);
      body?.replaceChildren(...token.claims.map(({ name, value, expires }) => {
        const cell = make("td", { textContent: value });
        if (expires) clock(cell.appendChild(make("span", { className: "clock" })), expires);
        return make("tr", {}, make("th", { scope: "row", textContent: name }), cell);
      }));
    }
  }
}
