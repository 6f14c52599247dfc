//! How heavy the pages are, as the browser measures it.

use test_services::Browser;

use crate::site::{ALICE, Site, log_in};

#[test]
fn a_page_is_light_and_needs_few_requests() {
    let site = Site::start("[jwt]\ntoken_location = [\"cookies\"]\n");
    let browser = Browser::start("en", &[]);
    let measure = |page: &str| {
        let figures = browser.script(
            "const [page] = performance.getEntriesByType('navigation'); \
             const files = performance.getEntriesByType('resource'); \
             return [1 + files.length, files.reduce((sum, it) => sum + it.transferSize, page.transferSize), \
                     Math.round(page.domInteractive), Math.round(page.loadEventEnd), \
                     files.filter((it) => !it.name.startsWith(location.origin)).length]",
            &[],
        );
        let figure = |at: usize| figures[at].as_u64().unwrap();
        println!(
            "{page}: {} requests, {} bytes, interactive after {} ms, loaded after {} ms",
            figure(0),
            figure(1),
            figure(2),
            figure(3)
        );
        assert!(figure(0) <= 6, "{figures}");
        assert!(figure(1) <= 40_000, "{figures}");
        assert_eq!(figure(4), 0, "no file of others");
    };
    browser.open(&site.at("/"));
    measure("login, first visit");
    log_in(&browser, &site, ALICE);
    measure("account");
    browser.open(&site.at("/account"));
    measure("account again");
}
