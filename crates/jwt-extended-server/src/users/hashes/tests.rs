//! Hashes that Werkzeug 3.1.9, Django 5.2.19, bcrypt 5.0.0, argon2-cffi 25.1.0, passlib 1.7.4 and hashlib have made.

use super::*;

/// The password of all hashes.
const PASSWORD: &str = "correct horse \u{e9}";

/// Each kind, and a hash at a low cost.
const HASHES: [(&str, &str); 25] = [
    (
        "werkzeug-scrypt",
        "scrypt:32768:8:1$ATr0GuEhOQJ7sqKm$47a3bf5dd5c5cdaff0d34ac8a93cf7681344c44687446b7f883755452c0487434c2e5c7b79478f313c7436a079ff71d5739bcae6b712fa8b42b873541f825dca",
    ),
    (
        "werkzeug-scrypt",
        "scrypt:1024:8:1$9aJCAKF0gzxrZTDJ$527d604e424193aced2a4fb72dbe0754feba27060a0e2b61949892b342e688ae6ffe394c61ef3a45afe4d617b3fb7e3c9d3eb05fc4df6612336d01d567e758d6",
    ),
    (
        "werkzeug-pbkdf2-sha256",
        "pbkdf2:sha256:1000$DqVdTM06yPb4Lpkj$108414fbb61c3edfb7de204acb5f3b0a5296937d3270daab42330662266574b5",
    ),
    ("werkzeug-pbkdf2-sha1", "pbkdf2:sha1:1000$5CKpnhfygl12h2YH$3290dc034caf34fea88c66aa69d5dd6442cfdb6e"),
    (
        "werkzeug-pbkdf2-sha512",
        "pbkdf2:sha512:1000$ND2PceCwQwxSQNsY$37b2f2821cbe7b22db08ecc5d46b3b0d5527fc26104dcfc649879664ba94fa50f1a88fa9f6c9bb274ab0294b253cf771497f454086912c0d4f821e938e69c048",
    ),
    ("django-pbkdf2-sha256", "pbkdf2_sha256$1000$OkhHrHKmduLy2Zw4dcIdvy$aBDuE3aV+JE+HWv4ncxKZ/ApLS+4MjQGw/KILZtIsTY="),
    ("django-pbkdf2-sha1", "pbkdf2_sha1$1000$lgisR7wbT7PEUrLouh2b7F$hPSs+LmQkb9ochXlSjI0pIZajUc="),
    (
        "django-scrypt",
        "scrypt$16384$s2BiyiKNBK8dPpU89h7RGB$8$5$1fwkIHGBwu9ysCXivuqySTIICJAB7Fmtx9I1ee2E553z4jknPVkZHVYsRHTLvrpFC9plH5HAhVLNXxT3fVezzg==",
    ),
    (
        "django-argon2id",
        "argon2$argon2id$v=19$m=1024,t=2,p=2$TmR6bkl2YXJGYzJmVHZyYkVXMHg1VQ$IWdykL2jSpfp+qBHKLmdaFXq3rLsg7g2I1sfP/qxO1A",
    ),
    (
        "django-argon2d",
        "argon2$argon2d$v=19$m=1024,t=2,p=1$eWkU1Rl6k66DwUeQk0smSA$bMGQZ7ylLG7CrfMvP7ovVGHE0jm9H+6WYaFU6LLV4y4",
    ),
    (
        "django-argon2i",
        "argon2$argon2i$v=19$m=1024,t=2,p=1$5JIVN8HlWLXzwqpmciI8qA$Nx4PDXsN63ArVMWHLp61aE0J471/E6lFwjHUBdS19Sg",
    ),
    ("django-bcrypt-sha256", "bcrypt_sha256$$2b$05$KkN.s3wAGa7v84fGznkXfOTc5y6TsSsnOGh/Qdd/JOLXuJKCeyvFa"),
    ("django-bcrypt", "bcrypt$$2b$05$bSTsUOG1eMa2BmBSlNXuseRMtLuIQIVWJdnyEu.zCjZdW18TFNVfm"),
    ("bcrypt", "$2b$05$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u"),
    ("bcrypt", "$2a$05$frPuS5PLLrPAz5BEdyXO9.CYOZ5FI9VrNYHP7boQCjTh9tG9ZXWkq"),
    ("bcrypt", "$2y$05$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u"),
    ("argon2d", "$argon2d$v=19$m=1024,t=2,p=1$eWkU1Rl6k66DwUeQk0smSA$bMGQZ7ylLG7CrfMvP7ovVGHE0jm9H+6WYaFU6LLV4y4"),
    ("argon2i", "$argon2i$v=19$m=1024,t=2,p=1$5JIVN8HlWLXzwqpmciI8qA$Nx4PDXsN63ArVMWHLp61aE0J471/E6lFwjHUBdS19Sg"),
    ("argon2id", "$argon2id$v=19$m=1024,t=2,p=1$edd353Z/ul0QOxdaaJlpkQ$QztxIWcuvv7oVMRMLBNxJwzaN2vaektLYOvb4JA9tTI"),
    ("argon2i", "$argon2i$v=16$m=1024,t=2,p=1$c2FsdHNhbHRzYWx0$9NkNCZWqPK2i6ByGk4YNQaYf996Q6WazS16puJ/Ct9I"),
    ("scrypt", "$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BgXswDBQAwNsps4yaptIChzC47BvN3aox/CCkCkSYi0"),
    ("scrypt", "$scrypt$ln=10,r=8,p=1$au29l7LW+n9PaQ3BeO9dKw$2hHeeRj27sSqLyVr+D798lFfpGqyKckTJOq3DcqimF0"),
    ("pbkdf2-sha256", "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$4XDspDRv/7n9wuJfaGpXw8XZEL0JUuwJpcZGQDTRGhM"),
    ("pbkdf2-sha256", "$pbkdf2-sha256$1000$CYGwNsZ4771XypmTUmoNoQ$k6957jzfyz13Z/pit5BXhnmAgX6WGpBQ7jXy4QFGVXQ"),
    (
        "pbkdf2-sha512",
        "$pbkdf2-sha512$1000$7713TgmhVKq19n5vTYkRQg$Okfhn7LbHq1G7hRK6N3xnKVo78a.JGil/zpMBwU1OmHUef6QRj5PzQcAusdUHIZ6615pOB8KMwguuOrdYY1lEQ",
    ),
];
/// passlib's name for it has no digest.
const PASSLIB_SHA1: &str = "$pbkdf2$1000$FEKIkfJeS0mJUSrlPMf4Hw$1EtcCeN/KD6Ls/bJOXzpzdti2sc";

fn refusal(text: &str) -> String {
    PasswordHash::parse(text).unwrap_err().to_string()
}

#[test]
fn the_hashes_of_other_programs_match_their_password() {
    for (kind, text) in HASHES.into_iter().chain([("pbkdf2-sha1", PASSLIB_SHA1)]) {
        let hash = PasswordHash::parse(text).unwrap();
        assert_eq!(hash.kind().to_string(), kind, "{text}");
        assert!(hash.matches(PASSWORD), "{text}");
    }
}

#[test]
fn no_other_password_matches() {
    for (_, text) in HASHES {
        let hash = PasswordHash::parse(text).unwrap();
        for wrong in ["", "correct horse", "correct horse e\u{301}", "Correct horse \u{e9}"] {
            assert!(!hash.matches(wrong), "{text} {wrong:?}");
        }
    }
}

#[test]
fn a_hash_that_was_cut_off_is_damaged() {
    for (kind, text) in HASHES {
        // The PHC strings of some functions may have results of any length, from 16 bytes on.
        let is_variable = kind.contains("argon2") || text.starts_with("$scrypt") || text.contains("i=1000");
        let end = if is_variable { text.rfind('$').unwrap() + 8 } else { text.len() - 2 };
        assert_eq!(refusal(&text[..end]), format!("is a damaged hash of the kind {kind}"), "{text}");
    }
}

#[test]
fn a_changed_result_or_salt_matches_no_more() {
    for (_, text) in HASHES {
        for at in [text.rfind('$').unwrap() - 1, text.len() - 10] {
            let other = if &text[at..=at] == "e" { "f" } else { "e" };
            let damaged = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert!(!PasswordHash::parse(&damaged).is_ok_and(|hash| hash.matches(PASSWORD)), "{damaged}");
        }
    }
}

#[test]
fn texts_that_are_no_hashes_are_refused() {
    let long = "$argon2id$".repeat(200);
    for text in ["", "rabbit", "$", "$$", "md5$salt$0123", "sha256$salt$0123", "pbkdf2:md5:1000$salt$00", &long] {
        assert_eq!(refusal(text), "is in no format that the server knows; the README lists them", "{text}");
    }
    // Each is right except for one thing.
    let (sha1, long) = ("00".repeat(20), "00".repeat(64));
    for text in [
        "$argon2id$",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$2b$05$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su\u{e9}",
        "$2b$03$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u",
        &format!("scrypt:3:8:1$salt${long}"),
        &format!("scrypt:1:8:1$salt${long}"),
        &format!("scrypt:1024:0:1$salt${long}"),
        &format!("scrypt:1024:8$salt${long}"),
        &format!("pbkdf2:sha1:+10$salt${sha1}"),
        &format!("pbkdf2:sha1:0$salt${sha1}"),
        &format!("pbkdf2:sha1:10:1$salt${sha1}"),
        &format!("pbkdf2:sha1:10$salt$0x{}", &sha1[2..]),
        "pbkdf2_sha256$1000$salt$",
        "pbkdf2_sha256$99999999999$salt$aBDuE3aV+JE+HWv4ncxKZ/ApLS+4MjQGw/KILZtIsTY=",
        "pbkdf2_sha256$1000$$aBDuE3aV+JE+HWv4ncxKZ/ApLS+4MjQGw/KILZtIsTY=",
        "$scrypt$ln=0,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BgXswDBQAwNsps4yaptIChzC47BvN3aox/CCkCkSYi0",
        "$pbkdf2-sha256$i=1000,l=31$MDEyMzQ1Njc4OWFiY2RlZg$4XDspDRv/7n9wuJfaGpXw8XZEL0JUuwJpcZGQDTRGhM",
        "bcrypt$$2x$05$bSTsUOG1eMa2BmBSlNXuseRMtLuIQIVWJdnyEu.zCjZdW18TFNVfm",
    ] {
        assert!(refusal(text).starts_with("is a damaged hash"), "{text}");
    }
    assert!(refusal("!kuNdHscDnrEpvX1jXgPK4yevAjYhxb3uVqkgC7ze").contains("a user without a password"));
}

#[test]
fn a_hash_of_an_absurd_cost_is_never_computed() {
    let output = "00".repeat(64);
    for text in [
        format!("scrypt:1048576:16:1$salt$0000{}", "00".repeat(62)),
        format!("scrypt:32768:8:4000$salt${output}"),
        format!("scrypt:9223372036854775808:4294967295:4294967295$salt${output}"),
        format!("pbkdf2:sha512:4294967295$salt${output}"),
        "pbkdf2_sha256$30000000$salt$aBDuE3aV+JE+HWv4ncxKZ/ApLS+4MjQGw/KILZtIsTY=".to_owned(),
        "$2b$31$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u".to_owned(),
        "$2b$18$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u".to_owned(),
        "$argon2id$v=19$m=4194304,t=1,p=1$edd353Z/ul0QOxdaaJlpkQ$QztxIWcuvv7oVMRMLBNxJwzaN2vaektLYOvb4JA9tTI"
            .to_owned(),
        "$argon2id$v=19$m=19456,t=4000,p=1$edd353Z/ul0QOxdaaJlpkQ$QztxIWcuvv7oVMRMLBNxJwzaN2vaektLYOvb4JA9tTI"
            .to_owned(),
        "$scrypt$ln=63,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BgXswDBQAwNsps4yaptIChzC47BvN3aox/CCkCkSYi0".to_owned(),
        "$scrypt$ln=255,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BgXswDBQAwNsps4yaptIChzC47BvN3aox/CCkCkSYi0".to_owned(),
    ] {
        assert!(refusal(&text).contains("takes more than 1 GiB of memory or 15 seconds"), "{text}");
    }
}

#[test]
fn the_usual_costs_of_other_programs_are_accepted() {
    for text in [
        "pbkdf2_sha256$1200000$OkhHrHKmduLy2Zw4dcIdvy$aBDuE3aV+JE+HWv4ncxKZ/ApLS+4MjQGw/KILZtIsTY=",
        "$2b$14$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$TmR6bkl2YXJGYzJmVHZyYkVXMHg1VQ$IWdykL2jSpfp+qBHKLmdaFXq3rLsg7g2I1sfP/qxO1A",
        "$scrypt$ln=17,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$BgXswDBQAwNsps4yaptIChzC47BvN3aox/CCkCkSYi0",
    ] {
        assert!(PasswordHash::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn werkzeug_leaves_out_the_usual_arguments() {
    let text = HASHES[0].1.replace("scrypt:32768:8:1", "scrypt");
    assert!(PasswordHash::parse(&text).unwrap().matches(PASSWORD));
    let cost = |text: &str| PasswordHash::parse(text).unwrap().cost();
    let full = HASHES[2].1;
    let million = cost(&full.replace(":1000$", ":1000000$"));
    assert_eq!(cost(&full.replace(":sha256:1000$", "$")), million);
    assert_eq!(cost(&full.replace(":1000$", "$")), million);
}

#[test]
fn only_argon2id_at_no_lower_cost_stays() {
    let of_usual_cost = HASHES.map(|(_, text)| text.replace("m=1024", "m=19456"));
    let foreign = of_usual_cost.iter().filter(|text| !text.contains("argon2id")).map(String::as_str);
    for text in foreign.chain(HASHES.map(|(_, text)| text)) {
        assert!(PasswordHash::parse(text).unwrap().is_to_be_replaced(PASSWORD), "{text}");
    }
    let old = "$argon2id$v=16$m=19456,t=2,p=1$edd353Z/ul0QOxdaaJlpkQ$QztxIWcuvv7oVMRMLBNxJwzaN2vaektLYOvb4JA9tTI";
    assert!(PasswordHash::parse(old).unwrap().is_to_be_replaced(PASSWORD));
    for text in [
        "$argon2id$v=19$m=19456,t=2,p=1$edd353Z/ul0QOxdaaJlpkQ$QztxIWcuvv7oVMRMLBNxJwzaN2vaektLYOvb4JA9tTI",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$TmR6bkl2YXJGYzJmVHZyYkVXMHg1VQ$IWdykL2jSpfp+qBHKLmdaFXq3rLsg7g2I1sfP/qxO1A",
    ] {
        assert!(!PasswordHash::parse(text).unwrap().is_to_be_replaced(PASSWORD), "{text}");
    }
}

#[test]
fn a_password_that_bcrypt_did_not_read_whole_stays() {
    let (start, hash) = ("x".repeat(72), "$2b$05$0D4thRnEFKjnYIhxIvdyG./BDKnU.LPxJiJPXYkSJAUNf8EuRINqe");
    let (hash, longer) = (PasswordHash::parse(hash).unwrap(), format!("{start}, with a typing error"));
    assert!(hash.matches(&start) && hash.matches(&longer));
    assert!(hash.is_to_be_replaced(&start) && !hash.is_to_be_replaced(&longer));
    let django = PasswordHash::parse(HASHES[9].1).unwrap();
    assert!(django.is_to_be_replaced(&longer), "it reads all of it");
}

#[test]
fn nothing_shows_a_hash() {
    let (kind, text) = HASHES[0];
    let hash = PasswordHash::parse(text).unwrap();
    assert_eq!(format!("{hash:?}"), format!("PasswordHash({kind})"));
    let damaged = PasswordHash::parse(&text[..60]).unwrap_err();
    assert!(!format!("{damaged} {damaged:?}").contains("ATr0"));
}

#[test]
fn a_prefix_of_django_makes_no_hash_of_another_kind() {
    let text = HASHES.iter().find(|(kind, _)| *kind == "bcrypt").unwrap().1;
    let refused = refusal(&format!("argon2{text}"));
    assert!(!refused.contains("damaged"), "{refused}");
}
