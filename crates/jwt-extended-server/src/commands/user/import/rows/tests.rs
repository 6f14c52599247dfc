//! Rows and mistakes of CSV and of lines of JSON.

use super::*;

fn shown(text: &str) -> Vec<String> {
    let (rows, mistakes) = read(text.as_bytes(), None);
    let row = |row: &Row| {
        let disabled = row.disabled.map_or("unclear".to_owned(), |disabled| disabled.to_string());
        format!("{} {} {} [{}] {disabled}", row.line, row.username, *row.password_hash, row.scopes)
    };
    let mistake = |mistake: &Mistake| format!("{}: {}", mistake.line, mistake.why);
    rows.iter().map(row).chain(mistakes.iter().map(mistake)).collect()
}

#[test]
fn the_header_names_the_columns_in_any_order() {
    let text = "disabled,password_hash, username ,scopes\ntrue,hash,alice,a b\n,\"ha,sh\",bob,\n";
    assert_eq!(shown(text), ["2 alice hash [a b] true", "3 bob ha,sh [] false"]);
    assert_eq!(shown("disabled,password_hash,username\nperhaps,hash,alice"), ["2 alice hash [] unclear"]);
    assert_eq!(shown("username,password_hash\nalice,hash"), ["2 alice hash [] false"]);
}

#[test]
fn every_line_end_and_a_byte_order_mark_are_read() {
    for end in ["\n", "\r\n"] {
        let text = format!("\u{feff}username,password_hash{end}{end}a,h{end}{end}{end}\"b\nb\",h{end}c,h{end}");
        let found: Vec<_> = read(text.as_bytes(), None).0.iter().map(|row| row.line).collect();
        assert_eq!(found, [3, 6, 8], "{text:?}");
    }
    let text = "\u{feff}{\"username\": \"a\", \"password_hash\": \"h\"}\r\n";
    assert_eq!(shown(text), ["1 a h [] false"]);
}

#[test]
fn a_bad_header_is_one_mistake() {
    for header in
        ["alice,$argon2id$hash", "username", "username,password_hash,email", "username,password_hash,username"]
    {
        let said = shown(&format!("{header}\na,h\n"));
        assert!(said.len() == 1 && said[0].starts_with("1: the first line must name"), "{said:?}");
    }
    assert_eq!(shown(""), ["1: the file is empty"]);
}

#[test]
fn lines_of_csv_have_their_mistakes() {
    let text = b"username,password_hash,disabled\na,h\nb,h,no,x\n\xff,h,\nc,h,no\n";
    let (rows, mistakes) = read(text, None);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [5]);
    let said: Vec<_> = mistakes.iter().map(|mistake| (mistake.line, mistake.why.as_str())).collect();
    assert_eq!(
        said,
        [
            (2, "has 2 fields, and the first line has 3"),
            (3, "has 4 fields, and the first line has 3"),
            (4, "is not valid UTF-8"),
        ]
    );
}

#[test]
fn lines_of_json_are_objects() {
    let text = r#"{"username": "alice", "password_hash": "h", "scopes": ["a", "b"], "disabled": true}

{"password_hash": "h", "username": "bob", "scopes": "a b"}"#;
    assert_eq!(shown(text), ["1 alice h [a b] true", "3 bob h [a b] false"]);
}

#[test]
fn lines_of_json_have_their_mistakes_without_values() {
    let text = r#"{"username": "hush"}
{"username": "a", "password_hash": 5}
{"username": "a", "password_hash": "h", "scopes": "hush", "disabled": "hush"}
{"username": "a", "password_hash": "h", "scopes": 7}
{"username": "a", "password_hash": "h", "hush": 7}
{"username": "a", "password_hash": "hush
hush"#;
    let said = shown(text);
    let starts = [
        "1: column 20: missing field `password_hash`",
        "2: column 36: expected a string",
        "3: column 76: expected a boolean",
        "4: column 51: expected scopes as a text or a list of words",
        "5: column 46: the members are username, password_hash, scopes, disabled",
        "6: is not a JSON object, from column",
        "7: is not a JSON object, from column",
    ];
    assert_eq!(said.len(), starts.len());
    for (said, start) in said.iter().zip(starts) {
        assert!(said.starts_with(start) && !said.contains("hush"), "{said}");
    }
}

#[test]
fn a_format_that_is_named_is_not_guessed() {
    let (rows, mistakes) = read(b"{\"username\": \"a\", \"password_hash\": \"h\"}", Some(Format::Csv));
    assert!(rows.is_empty() && mistakes.len() == 1);
}
