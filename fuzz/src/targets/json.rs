//! JSON: the scanner finds the same members with the same values as the model, and no parser of others sees another
//! value in a text that it accepts.

use jwt_extended::jose::json::{Kind, Value, push_string, scan_array, scan_object};

use crate::model::json::{self as model, Json};

pub(crate) fn json(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let mut members = Vec::new();
    let scanned = scan_object(text, |name, value| members.push((name.into_owned(), read(&value))));
    let expected = model::object(data);
    assert_eq!(scanned.ok().map(|()| members), expected);
    if let Some(object) = expected {
        round_trip(&object);
        // Its floating-point numbers have a largest one, which JSON does not ask for.
        match serde_json::from_str(text) {
            Ok(value) => assert!(same(&Json::Object(object), &value), "serde_json reads other values"),
            Err(error) => assert!(error.to_string().starts_with("number out of range"), "{error}"),
        }
    }
}

/// Builds the value of a text that the scanner has found valid.
fn read(value: &Value<'_>) -> Json {
    match value.kind {
        Kind::Null => Json::Null,
        Kind::True => Json::Bool(true),
        Kind::False => Json::Bool(false),
        Kind::Number => Json::Number(value.text.to_owned()),
        Kind::String { escaped } => {
            assert_eq!(escaped, value.text.contains('\\'));
            Json::Text(value.as_str().map_or_else(|| panic!("a string without content"), Into::into))
        }
        Kind::Array => {
            let mut elements = Vec::new();
            scan_array(value.text, |element| elements.push(read(&element))).unwrap_or_else(|error| panic!("{error}"));
            Json::List(elements)
        }
        Kind::Object => {
            let mut members = Vec::new();
            scan_object(value.text, |name, member| members.push((name.into_owned(), read(&member))))
                .unwrap_or_else(|error| panic!("{error}"));
            Json::Object(members)
        }
    }
}

/// Writes the names again, as a token's names are written.
fn round_trip(object: &model::Object) {
    let mut text = String::from("{");
    for (name, _) in object {
        text.push_str(if text.len() > 1 { "," } else { "" });
        push_string(name, &mut text);
        text.push_str(":null");
    }
    text.push('}');
    let names = |object: &model::Object| object.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(model::object(text.as_bytes()).as_ref().map(names), Some(names(object)), "{text}");
    assert!(text.is_ascii());
}

/// Compares with a value of `serde_json`. Numbers may be rounded.
fn same(ours: &Json, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Json::Null, serde_json::Value::Null) | (Json::Number(_), serde_json::Value::Number(_)) => true,
        (Json::Bool(one), serde_json::Value::Bool(two)) => one == two,
        (Json::Text(one), serde_json::Value::String(two)) => one == two,
        (Json::List(one), serde_json::Value::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
        }
        (Json::Object(one), serde_json::Value::Object(two)) => {
            one.len() == two.len() && one.iter().all(|(name, one)| two.get(name).is_some_and(|two| same(one, two)))
        }
        _ => false,
    }
}
