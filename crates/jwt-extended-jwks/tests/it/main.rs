//! Fetches keys from servers on this computer. The tests move the clock; only those of `limits` take real time.
//!
//! The cases of PyJWT's `tests/test_jwks_client.py`, and ours:
//!
//! | PyJWT, `test_…` | here |
//! |---|---|
//! | `fetch_data_rejects_redirect_without_contacting_destination`, `redirect_handler_does_not_follow_redirects` | `answers::a_redirect_is_not_followed` |
//! | `fetch_data_forwards_headers_to_correct_url` | `answers::a_request_names_the_path_and_the_crate`; headers cannot be set |
//! | `get_jwk_set`, `get_signing_keys`, `get_signing_key` | `answers::published_keys_check_tokens` |
//! | `get_signing_keys_if_no_use_provided` | `answers::a_key_without_use_is_used` |
//! | `get_signing_keys_raises_if_none_found` | `answers::a_set_without_usable_keys_removes_all_keys` |
//! | `get_signing_key_from_jwt` | `answers::published_keys_check_tokens` |
//! | `get_signing_key_caches_result`, `get_jwk_set_caches_result` | `caching::keys_are_fetched_once_while_they_last` |
//! | `get_signing_key_does_not_cache_opt_out`, `get_jwt_set_cache_disabled` | cannot be configured; `caching::an_answer_not_to_be_kept_lasts_a_minute` |
//! | `get_jwt_set_cache_expired_result` | `caching::expired_keys_are_fetched_again` |
//! | `get_jwt_set_failed_refresh_preserves_cached_jwks` | `caching::a_failure_keeps_the_keys` |
//! | `failed_request_should_raise_connection_error` | `limits::a_refused_connection_is_a_failure` |
//! | `get_jwt_set_refresh_cache` | `caching::an_unknown_kid_is_asked_for_once_in_30_seconds` |
//! | `get_jwt_set_no_matching_kid_after_second_attempt` | `caching::an_unknown_kid_is_asked_for_once_in_30_seconds` |
//! | `get_jwt_set_invalid_lifespan` | cannot be configured; `lifetime::it_lives_for_a_minute_to_a_day` |
//! | `pyjwkclient_rejects_non_http_schemes`, `pyjwkclient_accepts_http_https_schemes` | `endpoint::only_https_is_fetched`, `a_text_that_is_no_url_is_refused`, `plain_http_is_for_this_computer_if_allowed` |
//! | `get_jwt_set_timeout` | `limits::a_frozen_server_is_given_up` |
//! | `get_jwt_set_sslcontext_default` | `tls::the_authorities_of_the_system_are_trusted` |
//! | `get_jwt_set_sslcontext_no_ca` | `tls::a_certificate_of_another_authority_is_refused` |
//! | `http_error_is_closed_on_connection_failure` | `answers::only_status_200_counts`; each answer has its own connection, which ends with it |

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod caching;
mod discovery;
mod limits;
mod logs;
mod proxies;
mod server;
mod tls;
mod wait;
mod waiting;
