//! How heavy the pages are, as the browser measures it.

use test_services::Browser;

use crate::{
    pictures::save,
    site::{ALICE, Site, log_in},
};

#[test]
fn a_page_is_light_and_needs_few_requests() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("en", &[]);
    let mut lines = Vec::new();
    let mut measure = |page: &str| {
        let figures = browser.script(
            "const [page] = performance.getEntriesByType('navigation'); \
             const files = performance.getEntriesByType('resource'); \
             return [1 + files.length, files.reduce((sum, it) => sum + it.transferSize, page.transferSize), \
                     Math.round(page.domInteractive), Math.round(page.loadEventEnd), \
                     files.filter((it) => !it.name.startsWith(location.origin)).length]",
            &[],
        );
        let figure = |at: usize| figures[at].as_u64().unwrap();
        let [requests, bytes, interactive, loaded] = [0, 1, 2, 3].map(figure);
        let times = format!("interactive after {interactive} ms, loaded after {loaded} ms");
        lines.push(format!("{page}: {requests} requests, {bytes} bytes, {times}\n"));
        assert!(requests <= 6, "{figures}");
        assert!(bytes <= 40_000, "{figures}");
        assert_eq!(figure(4), 0, "no file of others");
    };
    browser.open(&site.at("/"));
    measure("login, first visit");
    log_in(&browser, &site, ALICE);
    measure("account");
    browser.open(&site.at("/account"));
    measure("account again");
    save("figures.txt", lines.concat().as_bytes());
}
