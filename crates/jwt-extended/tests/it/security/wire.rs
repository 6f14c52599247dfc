//! Lines 8 to 12: what a token looks like before its claims are read.

use jwt_extended::config::Tolerate;

use crate::common::*;

// Line 8: the compact form, in one spelling.

#[test]
fn padding_white_space_and_the_plain_base64_alphabet_are_refused_in_every_segment() {
    let good = token(&[]);
    let pieces: Vec<&str> = good.split('.').collect();
    for at in 0..3 {
        for (before, after) in [
            ("", "="),
            ("", "=="),
            ("=", ""),
            (" ", ""),
            ("", " "),
            ("", "\n"),
            ("", "\r\n"),
            ("\t", ""),
            ("", "\0"),
            ("", "+"),
            ("", "/"),
            ("+/", ""),
            ("", "é"),
            ("\u{feff}", ""),
            ("", "%3D"),
            ("", "\u{a0}"),
            ("", "A"),
        ] {
            let mut changed = pieces.clone();
            let piece = format!("{before}{}{after}", pieces[at]);
            changed[at] = &piece;
            let text = changed.join(".");
            assert!(manager().decode_token(&text).is_err(), "{at}: {before:?} {after:?}");
            // Signed as it stands, its signature is good, and still it is no token.
            let signed = hs256(SECRET.as_bytes(), &changed[..2].join("."));
            assert!(at == 2 || manager().decode_token(&signed).is_err(), "{at}: {before:?} {after:?}");
        }
        let mut split = pieces.clone();
        let (left, right) = pieces[at].split_at(4);
        let piece = format!("{left}\n{right}");
        split[at] = &piece;
        assert!(manager().decode_token(&split.join(".")).is_err(), "a line break in segment {at}");
    }
    assert!(manager().decode_token(&good).is_ok());
}

#[test]
fn unused_bits_that_are_not_zero_are_refused_so_that_a_token_has_one_spelling() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = |text: &str| {
        let (start, last) = text.split_at(text.len() - 1);
        let place = ALPHABET.iter().position(|letter| *letter == last.as_bytes()[0]).unwrap();
        format!("{start}{}", char::from(ALPHABET[place + 1]))
    };
    let good = token(&[]);
    let (segments, signature) = good.rsplit_once('.').unwrap();
    assert_eq!(complaint(&manager(), &format!("{segments}.{}", next(signature))), "Invalid crypto padding");

    // A header and a payload whose last letters have unused bits, signed under their other spelling.
    let header = encode(r#"{"alg":"HS256","typ":"JWT" }"#);
    let payload = ["", " ", "  "]
        .map(|space| encode(payload(&[]).replace('}', &format!("{space}}}"))))
        .into_iter()
        .find(|text| text.len() % 4 != 0)
        .unwrap();
    assert_ne!(header.len() % 4, 0);
    let sign = |header: &str, payload: &str| hs256(SECRET.as_bytes(), &format!("{header}.{payload}"));
    assert!(manager().decode_token(&sign(&header, &payload)).is_ok());
    assert_eq!(complaint(&manager(), &sign(&next(&header), &payload)), "Invalid header padding");
    assert_eq!(complaint(&manager(), &sign(&header, &next(&payload))), "Invalid payload padding");
}

#[test]
fn only_three_segments_are_a_token() {
    let good = token(&[]);
    let two = good.rsplit_once('.').unwrap().0;
    for (text, expected) in [
        ("", "Not enough segments"),
        ("a", "Not enough segments"),
        ("a.b", "Not enough segments"),
        (two, "Not enough segments"),
        (&format!("{good}."), "Too many segments"),
        (&format!("{good}.AA.AA"), "Too many segments"),
        (&format!(".{good}"), "Too many segments"),
        (&format!("{two}..{}", &good[two.len() + 1..]), "Too many segments"),
        ("..", "Invalid header string: must be a json object"),
    ] {
        assert_eq!(complaint(&manager(), text), expected, "{text}");
    }
}

#[test]
fn the_json_serialisation_and_polyglots_of_it_are_refused() {
    let good = token(&[]);
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three segments") };
    for text in [
        format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
        format!(r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#),
        // CVE-2022-39227: a JSON text that is also three segments.
        format!(
            r#"{{"{header}.{}.":"","protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#,
            encode(r#"{"sub":"admin"}"#)
        ),
        format!("\"{good}\""),
        format!("[\"{good}\"]"),
    ] {
        assert!(manager().decode_token(&text).is_err(), "{text}");
    }
}

// Line 9: `crit`.

#[test]
fn every_crit_is_refused_for_no_extension_is_supported() {
    for (crit, expected) in [
        (r#"["x"]"#, "Unsupported critical extension: x"),
        (r#"["x","x"]"#, "Unsupported critical extension: x"),
        (r#"["alg"]"#, "Unsupported critical extension: alg"),
        (r#"["b64"]"#, "Unsupported critical extension: b64"),
        (r#"["<script>"]"#, "Unsupported critical extension: ?"),
        (r#"[""]"#, "Unsupported critical extension: ?"),
        ("[]", "Invalid 'crit' header"),
        ("[1]", "Invalid 'crit' header"),
        ("[\"x\",null]", "Invalid 'crit' header"),
        ("\"x\"", "Invalid 'crit' header"),
        ("null", "Invalid 'crit' header"),
        ("{}", "Invalid 'crit' header"),
        ("false", "Invalid 'crit' header"),
    ] {
        let header = format!(r#"{{"alg":"HS256","crit":{crit},"typ":"JWT","x":1}}"#);
        assert_eq!(complaint(&manager(), &signed(&header, &payload(&[]))), expected, "{crit}");
    }
}

#[test]
fn an_unencoded_payload_is_refused_with_and_without_crit() {
    for header in [
        r#"{"alg":"HS256","b64":false,"typ":"JWT"}"#,
        r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"HS256","b64":0}"#,
        r#"{"alg":"HS256","b64":"false"}"#,
        r#"{"alg":"HS256","b64":null}"#,
    ] {
        let encoded = signed(header, &payload(&[]));
        assert_eq!(complaint(&manager(), &encoded), "Unsupported critical extension: b64", "{header}");
        let bare = hs256(SECRET.as_bytes(), &format!("{}.{}", encode(header), payload(&[])));
        assert!(manager().decode_token(&bare).is_err(), "{header}");
    }
}

// Line 10: JSON.

/// Why a signed payload, or a header before a good payload, is refused.
fn both(text: &str) -> [String; 2] {
    let in_header = signed(&HEADER.replace('}', &format!(",{text}}}")), &payload(&[]));
    let in_payload = signed(HEADER, &payload(&[]).replacen('}', &format!(",{text}}}"), 1));
    [in_header, in_payload].map(|token| complaint(&manager(), &token))
}

#[test]
fn a_name_that_stands_twice_is_refused_at_any_depth_and_in_any_spelling() {
    for text in [
        r#""x":1,"x":1"#,
        r#""x":1,"\u0078":2"#,
        r#""x":{"y":1,"y":2}"#,
        r#""x":[{"y":[{"z":1,"\u007a":1}]}]"#,
        r#""":1,"":1"#,
    ] {
        for complaint in both(text) {
            assert!(complaint.ends_with("a member name is used twice in one object"), "{text}: {complaint}");
        }
    }
    let subjects = signed(HEADER, &payload(&[]).replace(r#""sub":"alice""#, r#""sub":"alice","sub":"admin""#));
    assert!(manager().decode_token(&subjects).is_err());
    let algorithms = signed(r#"{"alg":"none","alg":"HS256"}"#, &payload(&[]));
    assert!(manager().decode_token(&algorithms).is_err());
}

#[test]
fn a_thousand_names_are_read_and_the_one_that_stands_twice_among_them_is_found() {
    let jwt = builder().max_token_length(100_000).build().unwrap();
    let names: Vec<_> = (0..1000).map(|n| format!("\"name{n}\":{n}")).collect();
    let with = |last: &str| signed(HEADER, &payload(&[]).replace('}', &format!(",{},{last}:0}}", names.join(","))));
    assert!(jwt.decode_token(&with("\"name1000\"")).is_ok());
    assert!(complaint(&jwt, &with("\"name0\"")).ends_with("used twice in one object"));
}

#[test]
fn what_python_calls_json_and_rfc_8259_does_not_is_refused() {
    for text in [
        "\"x\":NaN",
        "\"x\":Infinity",
        "\"x\":-Infinity",
        "\"x\":01",
        "\"x\":+1",
        "\"x\":.5",
        "\"x\":1.",
        "\"x\":0x10",
        "\"x\":'y'",
        "\"x\":True",
        "\"x\":",
        "\"x\"",
        "x:1",
        "\"x\":[1,]",
        "",
        "\"x\":\"\u{1}\"",
        "\"x\":\"\\x41\"",
        "/**/\"x\":1",
    ] {
        for complaint in both(text) {
            assert!(complaint.contains("string: invalid JSON at byte"), "{text}: {complaint}");
        }
    }
}

#[test]
fn half_of_a_surrogate_pair_is_refused() {
    for text in [r#""x":"\ud83d""#, r#""x":"\ude00""#, r#""x":"\ud83dA""#, r#""\udfff":1"#, r#""x":"\ud83d\ud83d""#] {
        for complaint in both(text) {
            assert!(complaint.contains("lone surrogate"), "{text}: {complaint}");
        }
    }
}

#[test]
fn a_byte_order_mark_trailing_data_and_what_is_not_an_object_are_refused() {
    for (change, expected) in [
        ("\u{feff}{}", "must be a json object"),
        ("[{}]", "must be a json object"),
        ("\"{}\"", "must be a json object"),
        ("null", "must be a json object"),
        ("5", "must be a json object"),
        ("", "must be a json object"),
        ("   ", "must be a json object"),
        ("{}{}", "trailing data at byte "),
        ("{} {", "trailing data at byte "),
        ("{}\0", "trailing data at byte "),
        ("{}null", "trailing data at byte "),
    ] {
        let header = signed(&change.replacen("{}", HEADER, 1), &payload(&[]));
        let claims = signed(HEADER, &change.replacen("{}", &payload(&[]), 1));
        for complaint in [header, claims].map(|token| complaint(&manager(), &token)) {
            assert!(complaint.contains(expected), "{change:?}: {complaint}");
        }
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    for bytes in [&b"{\"x\":\"\xff\"}"[..], b"{\"x\":\"\xc0\xaf\"}", b"\xff\xfe{\0}\0", b"{}\xe2\x82"] {
        let header = hs256(SECRET.as_bytes(), &format!("{}.{}", encode(bytes), encode(payload(&[]))));
        assert_eq!(complaint(&manager(), &header), "Invalid header string: must be UTF-8");
        let claims = hs256(SECRET.as_bytes(), &format!("{}.{}", encode(HEADER), encode(bytes)));
        assert_eq!(complaint(&manager(), &claims), "Invalid payload string: must be UTF-8");
    }
}

#[test]
fn five_thousand_nested_arrays_or_objects_are_a_clean_refusal() {
    let jwt = builder().max_token_length(1_000_000).build().unwrap();
    for depth in [65, 5_000, 50_000] {
        let arrays = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let objects = format!("{}1{}", r#"{"x":"#.repeat(depth), "}".repeat(depth));
        let unclosed = "[".repeat(depth);
        for text in [arrays, objects, unclosed] {
            let claims = signed(HEADER, &payload(&[("x", &text)]));
            let header = signed(&format!(r#"{{"alg":"HS256","x":{text}}}"#), &payload(&[]));
            for complaint in [claims, header].map(|token| complaint(&jwt, &token)) {
                assert!(complaint.ends_with("nested more than 64 levels deep"), "{complaint}");
            }
        }
    }
    let deepest = format!("{}{}", "[".repeat(63), "]".repeat(63));
    assert!(jwt.decode_token(&token(&[("x", &deepest)])).is_ok(), "63 arrays in the payload's object are 64 levels");
}

// Line 11: size.

#[test]
fn a_token_is_refused_by_its_length_before_anything_else_is_looked_at() {
    let good = token(&[("filling", &format!("\"{}\"", "x".repeat(100)))]);
    let at_limit = builder().max_token_length(good.len()).build().unwrap();
    assert!(at_limit.decode_token(&good).is_ok());
    let below = builder().max_token_length(good.len() - 1).build().unwrap();
    assert_eq!(complaint(&below, &good), format!("The token is longer than {} bytes", good.len() - 1));
    for huge in ["A".repeat(8193), ".".repeat(8193), " ".repeat(1_000_000), "\u{feff}".repeat(10_000)] {
        assert_eq!(complaint(&manager(), &huge), "The token is longer than 8192 bytes");
    }
}

#[test]
fn an_oversize_token_and_thousands_of_dots_are_refused_without_a_single_allocation() {
    let jwt = manager();
    for hostile in [".".repeat(8192), ".".repeat(10_000_000), "a.".repeat(4096), "A".repeat(10_000_000)] {
        let mut refused = false;
        let counted = allocation_counter::measure(|| refused = jwt.decode_token(&hostile).is_err());
        assert!(refused);
        assert_eq!(counted.count_total, 0);
    }
}

// Line 12: `typ`.

fn typed(typ: &str) -> String {
    signed(&format!(r#"{{"alg":"HS256","typ":{typ}}}"#), &payload(&[]))
}

#[test]
fn a_token_of_another_kind_is_refused_by_its_typ() {
    for typ in [
        "dpop+jwt",
        "secevent+jwt",
        "logout+jwt",
        "token-introspection+jwt",
        "application/dpop+jwt",
        "JWE",
        "JOSE",
        "",
        "JWT ",
        "jwt2",
        "application/",
        "text/JWT",
        "application/application/JWT",
        "id_token",
        "kb+jwt",
    ] {
        let complaint = complaint(&manager(), &typed(&format!("\"{typ}\"")));
        assert_eq!(complaint, "The token's typ header names another kind of token", "{typ}");
    }
    for typ in ["null", "1", "[\"JWT\"]", "{}"] {
        assert_eq!(complaint(&manager(), &typed(typ)), "The typ header parameter must be a string", "{typ}");
    }
}

#[test]
fn no_typ_jwt_and_at_jwt_are_accepted_bare_or_as_media_types_in_any_case() {
    for typ in ["JWT", "jwt", "Jwt", "at+jwt", "AT+JWT", "application/jwt", "Application/at+JWT", "\\u004aWT"] {
        assert!(manager().decode_token(&typed(&format!("\"{typ}\""))).is_ok(), "{typ}");
    }
    assert!(manager().decode_token(&signed(r#"{"alg":"HS256"}"#, &payload(&[]))).is_ok());
}

#[test]
fn a_foreign_typ_is_accepted_only_where_that_is_tolerated_by_name() {
    let jwt = builder().tolerate([Tolerate::ForeignTyp]).build().unwrap();
    assert!(jwt.decode_token(&typed("\"dpop+jwt\"")).is_ok());
}
