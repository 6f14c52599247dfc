//! The list of options: the name, meaning, type and default of each. Macros make the struct, its readers and the
//! builder's methods from it, and a test compares the documentation, the server's example and Python's table with it.

/// Passes the list to another macro.
macro_rules! with_options {
    ($then:ident) => {
        $then! {
            // General.

            /// How long an access token lives. Seconds, `"15m"`, or never. `JWT_ACCESS_TOKEN_EXPIRES`; 15 minutes.
            access_token_expires: plain Lifetime = Lifetime::minutes(15);
            /// How long a refresh token lives. `JWT_REFRESH_TOKEN_EXPIRES`; 30 days.
            refresh_token_expires: plain Lifetime = Lifetime::days(30);
            /// The algorithm that signs tokens, for keys in the configuration. A [`Key`](crate::jose::Key) brings its
            /// own. `JWT_ALGORITHM`; HS256.
            algorithm: plain Algorithm = Algorithm::HS256;
            /// The algorithms that received tokens may be signed with. The secret verifies the HMAC algorithms among
            /// them, the public key the others. `JWT_DECODE_ALGORITHMS`; only the `algorithm`.
            decode_algorithms: optional List<Algorithm>;
            /// The secret of the HMAC algorithms, at least as long as the hash. `JWT_SECRET_KEY`.
            secret_key: optional Secret;
            /// The private key of the asymmetric algorithms, in PEM. `JWT_PRIVATE_KEY`.
            private_key: optional Secret;
            /// The public key of the asymmetric algorithms, in PEM. Without a private key, the app can verify tokens
            /// but not create them. `JWT_PUBLIC_KEY`; the public half of the private key.
            public_key: optional String;
            /// The claim that identifies the token's user. `JWT_IDENTITY_CLAIM`; `sub`.
            identity_claim: plain String = "sub".to_owned();
            /// The audience of new tokens: the claim `aud`. `JWT_ENCODE_AUDIENCE`; none.
            encode_audience: optional List<String>;
            /// The audiences that this app belongs to: a received `aud` must name one of them. If neither this option
            /// nor `encode_audience` is set, tokens with an audience are refused. `JWT_DECODE_AUDIENCE`; the
            /// `encode_audience`.
            decode_audience: optional List<String>;
            /// The issuer of new tokens: the claim `iss`. `JWT_ENCODE_ISSUER`; none.
            encode_issuer: optional String;
            /// The issuers whose tokens are accepted: a received `iss` must equal one. `JWT_DECODE_ISSUER`; the
            /// `encode_issuer`.
            decode_issuer: optional List<String>;
            /// How far clocks may differ when `exp`, `nbf` and `iat` are compared; at most 5 minutes. The clock that
            /// issued a token may always be 5 seconds ahead (`nbf`, `iat`); `exp` is exact. `JWT_DECODE_LEEWAY`; 0.
            decode_leeway: plain Seconds = Seconds(std::time::Duration::ZERO);
            /// Whether new tokens have the claim `nbf`, the time from which they are valid. `JWT_ENCODE_NBF`; on.
            encode_nbf: plain Switch = Switch::On;
            /// Whether a received `sub` must be a string (RFC 7519). `JWT_VERIFY_SUB`; on.
            verify_sub: plain Switch = Switch::On;
            /// The key of the message in the body of a rejection. `JWT_ERROR_MESSAGE_KEY`; `msg`.
            error_message_key: plain String = "msg".to_owned();
            /// The places where guards look for tokens, in this order: `headers`, `cookies`, `query_string`, `json`.
            /// `JWT_TOKEN_LOCATION`; headers.
            token_location: plain List<Location> = List(vec![Location::Header]);

            // Header, query string and JSON body.

            /// The header that holds the token. `JWT_HEADER_NAME`; `Authorization`.
            header_name: plain String = "Authorization".to_owned();
            /// The scheme before the token; empty if the header holds only the token. `JWT_HEADER_TYPE`; `Bearer`.
            header_type: plain String = "Bearer".to_owned();
            /// The query string parameter that holds the token. `JWT_QUERY_STRING_NAME`; `jwt`.
            query_string_name: plain String = "jwt".to_owned();
            /// The text before the token in that parameter. `JWT_QUERY_STRING_VALUE_PREFIX`; empty.
            query_string_value_prefix: plain String = String::new();
            /// The member of a JSON body that holds the access token. `JWT_JSON_KEY`; `access_token`.
            json_key: plain String = "access_token".to_owned();
            /// The member of a JSON body that holds the refresh token. `JWT_REFRESH_JSON_KEY`; `refresh_token`.
            refresh_json_key: plain String = "refresh_token".to_owned();

            // Cookies.

            /// The cookie of the access token. A name that begins with `__Host-` requires `cookie_secure`, the path `/`
            /// and no domain. `JWT_ACCESS_COOKIE_NAME`; `access_token_cookie`.
            access_cookie_name: plain String = "access_token_cookie".to_owned();
            /// The cookie of the refresh token. `JWT_REFRESH_COOKIE_NAME`; `refresh_token_cookie`.
            refresh_cookie_name: plain String = "refresh_token_cookie".to_owned();
            /// The path below which browsers send the access cookie. `JWT_ACCESS_COOKIE_PATH`; `/`.
            access_cookie_path: plain String = "/".to_owned();
            /// The path below which browsers send the refresh cookie. `JWT_REFRESH_COOKIE_PATH`; `/`.
            refresh_cookie_path: plain String = "/".to_owned();
            /// Whether browsers send cookies only over HTTPS. Turn it off for development over plain HTTP, and nowhere
            /// else. `JWT_COOKIE_SECURE`; **on**; off in Flask-JWT-Extended.
            cookie_secure: plain Switch = Switch::On;
            /// The domain whose hosts get the cookies. Without one, only the host that set them gets them.
            /// `JWT_COOKIE_DOMAIN`; none.
            cookie_domain: optional String;
            /// Whether browsers send cookies with requests from another site: `Strict`, `Lax`, `None` or `Unset`.
            /// `JWT_COOKIE_SAMESITE`; **Lax**; not set in Flask-JWT-Extended.
            cookie_samesite: plain SameSite = SameSite::Lax;
            /// Whether cookies end when the browser closes. Otherwise they last a year. `JWT_SESSION_COOKIE`; on.
            session_cookie: plain Switch = Switch::On;
            /// Whether a token in a cookie needs its CSRF value beside it. `JWT_COOKIE_CSRF_PROTECT`; on.
            cookie_csrf_protect: plain Switch = Switch::On;
            /// Whether browsers keep separate cookies for each top-level site (`Partitioned`).
            /// `JWT_COOKIE_PARTITIONED`; off.
            cookie_partitioned: plain Switch = Switch::Off;

            /// Domains that the cookies had before. Setting or clearing a cookie also clears the one of that domain, so
            /// that browsers do not keep two of one name. `JWT_FORMER_COOKIE_DOMAINS`; none.
            former_cookie_domains: optional List<String>;
            /// Whether a rejection clears the token's cookies if they can never be accepted: expired, revoked, replayed
            /// or malformed. `JWT_CLEAR_REJECTED_COOKIES`; off.
            clear_rejected_cookies: plain Switch = Switch::Off;

            // CSRF.

            /// The methods that need the CSRF value beside a cookie. `JWT_CSRF_METHODS`; POST, PUT, PATCH, DELETE.
            csrf_methods: plain List<String> = ["POST", "PUT", "PATCH", "DELETE"].into();
            /// Whether the CSRF value is set as a cookie that the page can read. `JWT_CSRF_IN_COOKIES`; on.
            csrf_in_cookies: plain Switch = Switch::On;
            /// Whether a form field may hold the CSRF value if the header is missing. `JWT_CSRF_CHECK_FORM`; off.
            csrf_check_form: plain Switch = Switch::Off;
            /// Whether cookies are refused if the browser reports that another site sent the request
            /// (`Sec-Fetch-Site`). Turn it off if your pages and your API are on different sites.
            /// `JWT_CSRF_REFUSE_CROSS_SITE`; on.
            csrf_refuse_cross_site: plain Switch = Switch::On;
            /// Whether cookies are refused, too, if the browser reports that another host of the same site sent the
            /// request: a sibling subdomain, or another port of this host. `JWT_CSRF_REFUSE_SAME_SITE`; off.
            csrf_refuse_same_site: plain Switch = Switch::Off;
            /// The cookie of the access token's CSRF value. `JWT_ACCESS_CSRF_COOKIE_NAME`; `csrf_access_token`.
            access_csrf_cookie_name: plain String = "csrf_access_token".to_owned();
            /// The cookie of the refresh token's CSRF value. `JWT_REFRESH_CSRF_COOKIE_NAME`; `csrf_refresh_token`.
            refresh_csrf_cookie_name: plain String = "csrf_refresh_token".to_owned();
            /// The path of the access CSRF cookie. `JWT_ACCESS_CSRF_COOKIE_PATH`; `/`.
            access_csrf_cookie_path: plain String = "/".to_owned();
            /// The path of the refresh CSRF cookie. `JWT_REFRESH_CSRF_COOKIE_PATH`; `/`.
            refresh_csrf_cookie_path: plain String = "/".to_owned();
            /// The header for the access token's CSRF value. `JWT_ACCESS_CSRF_HEADER_NAME`; `X-CSRF-TOKEN`.
            access_csrf_header_name: plain String = "X-CSRF-TOKEN".to_owned();
            /// The header for the refresh token's CSRF value. `JWT_REFRESH_CSRF_HEADER_NAME`; `X-CSRF-TOKEN`.
            refresh_csrf_header_name: plain String = "X-CSRF-TOKEN".to_owned();
            /// The form field for the access token's CSRF value. `JWT_ACCESS_CSRF_FIELD_NAME`; `csrf_token`.
            access_csrf_field_name: plain String = "csrf_token".to_owned();
            /// The form field for the refresh token's CSRF value. `JWT_REFRESH_CSRF_FIELD_NAME`; `csrf_token`.
            refresh_csrf_field_name: plain String = "csrf_token".to_owned();

            // Options that Flask-JWT-Extended does not have.

            /// How long the access token of a login counts as fresh. `JWT_FRESH_TOKEN_EXPIRES`; as long as it lives.
            fresh_token_expires: optional Seconds;
            /// With a store: the longest lifetime that a token may have, and how long the store remembers the
            /// revocation of a session or a subject. `JWT_LONGEST_LIFETIME`; the longer of the two lifetimes.
            longest_lifetime: optional Lifetime;
            /// How long a session may last from its login, however much it is used. `JWT_SESSION_EXPIRES`; as long as a
            /// refresh token lives.
            session_expires: optional Lifetime;
            /// With a session store: how long a session may be idle. `JWT_SESSION_IDLE_EXPIRES`; as long as its tokens
            /// live.
            session_idle_expires: optional Seconds;
            /// With a session store: how long a used refresh token still gives the same successor, so that parallel
            /// requests work; at most 5 minutes. `JWT_REFRESH_GRACE`; 10 seconds.
            refresh_grace: optional Seconds;
            /// With a session store: whether the refresh token that was rotated last gives its successor again at any
            /// time, as long as nobody has refreshed with the successor. For clients that lose an answer and retry
            /// minutes later. See the [cost](crate::session). `JWT_REFRESH_RETRY`; off.
            refresh_retry: plain Switch = Switch::Off;
            /// With a session store: how many sessions a subject may have. A login beyond that ends the oldest session.
            /// `JWT_MAX_SESSIONS`; 100.
            max_sessions: optional Count;
            /// The longest token that is created or accepted, in bytes. `JWT_MAX_TOKEN_LENGTH`; 8192.
            max_token_length: plain Count = Count(8192);
            /// How many tokens with an asymmetric signature are remembered as verified, so that one that comes again
            /// costs no verification; at most a million. `JWT_VERIFICATION_CACHE`; none.
            verification_cache: optional Count;
            /// How long others may cache the published keys, at most a day. `JWT_JWKS_MAX_AGE`; 5 minutes.
            jwks_max_age: plain Seconds = Seconds(std::time::Duration::from_secs(300));
            /// The format of a rejection's body: `message` or `problem_details`. `JWT_ERROR_FORMAT`; message.
            error_format: plain ErrorFormat = ErrorFormat::Message;
            /// The statuses of rejections: `standard` or `flask_jwt_extended`. `JWT_ERROR_STATUSES`; standard.
            error_statuses: plain Statuses = Statuses::Standard;
            /// The realm of the challenges. `JWT_REALM`; none.
            realm: optional String;
            /// The checks to skip. `JWT_TOLERATE`; none.
            tolerate: plain List<Tolerate> = List(Vec::new());
        }
    };
}

pub(crate) use with_options;
