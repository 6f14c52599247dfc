//! The list of options: each stands here once, with its meaning, its kind and its default. The struct, its readers and the
//! builder's methods are made from it.

/// Hands the list to another macro.
macro_rules! with_options {
    ($then:ident) => {
        $then! {
            // General.

            /// How long an access token lives. Seconds, `"15m"`, or never. `JWT_ACCESS_TOKEN_EXPIRES`; 15 minutes.
            access_token_expires: plain Lifetime = Lifetime::minutes(15);
            /// How long a refresh token lives. `JWT_REFRESH_TOKEN_EXPIRES`; 30 days.
            refresh_token_expires: plain Lifetime = Lifetime::days(30);
            /// What tokens are signed with, for the keys that are given here and not as a [`Key`](crate::jose::Key).
            /// `JWT_ALGORITHM`; HS256.
            algorithm: plain Algorithm = Algorithm::HS256;
            /// What received tokens may be signed with: the secret serves the HMAC algorithms among them, the public key the
            /// others. `JWT_DECODE_ALGORITHMS`; the `algorithm` alone.
            decode_algorithms: optional List<Algorithm>;
            /// The secret of the HMAC algorithms, at least as long as the hash. `JWT_SECRET_KEY`.
            secret_key: optional Secret;
            /// The private key of the asymmetric algorithms, in PEM. `JWT_PRIVATE_KEY`.
            private_key: optional Secret;
            /// The public key of the asymmetric algorithms, in PEM. Without a private key, tokens are only checked.
            /// `JWT_PUBLIC_KEY`; the public half of the private key.
            public_key: optional String;
            /// The claim that says whose token it is. `JWT_IDENTITY_CLAIM`; `sub`.
            identity_claim: plain String = "sub".to_owned();
            /// The audience that new tokens are for: the claim `aud`. `JWT_ENCODE_AUDIENCE`; none.
            encode_audience: optional List<String>;
            /// The audiences that we are: a received `aud` must name one. `JWT_DECODE_AUDIENCE`; the `encode_audience`.
            /// If neither is set, a token that has an audience is refused.
            decode_audience: optional List<String>;
            /// Who we are: the claim `iss` of new tokens. `JWT_ENCODE_ISSUER`; none.
            encode_issuer: optional String;
            /// Whose tokens are accepted, by equality of `iss`. `JWT_DECODE_ISSUER`; the `encode_issuer`.
            decode_issuer: optional List<String>;
            /// How far clocks may differ when `exp`, `nbf` and `iat` are compared: at most 5 minutes. `JWT_DECODE_LEEWAY`; 0.
            decode_leeway: plain Seconds = Seconds(std::time::Duration::ZERO);
            /// Whether new tokens say from when they are valid: the claim `nbf`. `JWT_ENCODE_NBF`; on.
            encode_nbf: plain Switch = Switch::On;
            /// Whether a received `sub` must be a string (RFC 7519). `JWT_VERIFY_SUB`; on.
            verify_sub: plain Switch = Switch::On;
            /// The key of the sentence in the body of a refusal. `JWT_ERROR_MESSAGE_KEY`; `msg`.
            error_message_key: plain String = "msg".to_owned();
            /// Where tokens are looked for, in this order: `headers`, `cookies`, `query_string`, `json`.
            /// `JWT_TOKEN_LOCATION`; headers.
            token_location: plain List<Location> = List(vec![Location::Header]);

            // Header, query string and JSON body.

            /// The header that holds the token. `JWT_HEADER_NAME`; `Authorization`.
            header_name: plain String = "Authorization".to_owned();
            /// The scheme before the token; empty if the header is nothing but the token. `JWT_HEADER_TYPE`; `Bearer`.
            header_type: plain String = "Bearer".to_owned();
            /// The parameter of the query string. `JWT_QUERY_STRING_NAME`; `jwt`.
            query_string_name: plain String = "jwt".to_owned();
            /// What stands before the token in that parameter. `JWT_QUERY_STRING_VALUE_PREFIX`; nothing.
            query_string_value_prefix: plain String = String::new();
            /// The member of a JSON body that holds the access token. `JWT_JSON_KEY`; `access_token`.
            json_key: plain String = "access_token".to_owned();
            /// The member of a JSON body that holds the refresh token. `JWT_REFRESH_JSON_KEY`; `refresh_token`.
            refresh_json_key: plain String = "refresh_token".to_owned();

            // Cookies.

            /// The cookie of the access token. A name that begins with `__Host-` demands Secure, the path `/` and no domain.
            /// `JWT_ACCESS_COOKIE_NAME`; `access_token_cookie`.
            access_cookie_name: plain String = "access_token_cookie".to_owned();
            /// The cookie of the refresh token. `JWT_REFRESH_COOKIE_NAME`; `refresh_token_cookie`.
            refresh_cookie_name: plain String = "refresh_token_cookie".to_owned();
            /// Below which path browsers send the access cookie. `JWT_ACCESS_COOKIE_PATH`; `/`.
            access_cookie_path: plain String = "/".to_owned();
            /// Below which path browsers send the refresh cookie. `JWT_REFRESH_COOKIE_PATH`; `/`.
            refresh_cookie_path: plain String = "/".to_owned();
            /// Whether browsers send cookies over HTTPS only. Turn it off for development over plain HTTP, and nowhere else.
            /// `JWT_COOKIE_SECURE`; **on**, where Flask-JWT-Extended says off.
            cookie_secure: plain Switch = Switch::On;
            /// The domain whose hosts get the cookies; only the very host that set them if there is none.
            /// `JWT_COOKIE_DOMAIN`; none.
            cookie_domain: optional String;
            /// Whether browsers send cookies with requests that another site began: `Strict`, `Lax`, `None` or `Unset`.
            /// `JWT_COOKIE_SAMESITE`; **Lax**, where Flask-JWT-Extended leaves it out.
            cookie_samesite: plain SameSite = SameSite::Lax;
            /// Whether cookies end when the browser is closed; if not, they last a year. `JWT_SESSION_COOKIE`; on.
            session_cookie: plain Switch = Switch::On;
            /// Whether a cookie needs its CSRF value beside it. `JWT_COOKIE_CSRF_PROTECT`; on.
            cookie_csrf_protect: plain Switch = Switch::On;
            /// Whether cookies are kept apart for each top-level site (`Partitioned`). `JWT_COOKIE_PARTITIONED`; off.
            cookie_partitioned: plain Switch = Switch::Off;

            // CSRF.

            /// The methods for which a cookie needs its CSRF value. `JWT_CSRF_METHODS`; POST, PUT, PATCH, DELETE.
            csrf_methods: plain List<String> = ["POST", "PUT", "PATCH", "DELETE"].into();
            /// Whether the CSRF value is set as a cookie that the page can read. `JWT_CSRF_IN_COOKIES`; on.
            csrf_in_cookies: plain Switch = Switch::On;
            /// Whether the CSRF value may come in a form field, where the header is missing. `JWT_CSRF_CHECK_FORM`; off.
            csrf_check_form: plain Switch = Switch::Off;
            /// Whether cookies are refused when the browser says that another site sent the request (`Sec-Fetch-Site`).
            /// Turn it off if your pages and your API are on different sites. `JWT_CSRF_REFUSE_CROSS_SITE`; on.
            csrf_refuse_cross_site: plain Switch = Switch::On;
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

            // What Flask-JWT-Extended does not have.

            /// For how long a login's access token counts as fresh, if not for as long as it lives.
            /// `JWT_FRESH_TOKEN_EXPIRES`; as long as it lives.
            fresh_token_expires: optional Seconds;
            /// With a revocation store: the longest life that a token may have, and how long the revocation of a session or
            /// a subject is remembered. `JWT_LONGEST_LIFETIME`; the longer of the two lifetimes.
            longest_lifetime: optional Lifetime;
            /// How long a session may last from its login, however much it is used. `JWT_SESSION_EXPIRES`; as long as a
            /// refresh token lives.
            session_expires: optional Lifetime;
            /// With a session store: how long a session may go unused. `JWT_SESSION_IDLE_EXPIRES`; as long as its tokens
            /// live.
            session_idle_expires: optional Seconds;
            /// With a session store: for how long a refresh token that was just used gives the same successor again, for
            /// requests that were sent together; at most 5 minutes. `JWT_REFRESH_GRACE`; 10 seconds.
            refresh_grace: optional Seconds;
            /// With a session store: how many sessions a subject may have; a login beyond ends the oldest.
            /// `JWT_MAX_SESSIONS`; any number.
            max_sessions: optional Count;
            /// The longest token that is looked at, in bytes. `JWT_MAX_TOKEN_LENGTH`; 8192.
            max_token_length: plain Count = Count(8192);
            /// What the body of a refusal looks like: `message` or `problem_details`. `JWT_ERROR_FORMAT`; message.
            error_format: plain ErrorFormat = ErrorFormat::Message;
            /// Which statuses refusals have: `standard` or `flask_jwt_extended`. `JWT_ERROR_STATUSES`; standard.
            error_statuses: plain Statuses = Statuses::Standard;
            /// The realm of the challenges. `JWT_REALM`; none.
            realm: optional String;
            /// What is accepted although it should not be. `JWT_TOLERATE`; nothing.
            tolerate: plain List<Tolerate> = List(Vec::new());
        }
    };
}

pub(crate) use with_options;
