//! `jwt-extended-server new-client`: makes the secret of a client, and the section for the configuration file.

use serde_json::json;

use super::Output;
use crate::{
    StartError,
    clients::{ClientSecret, check_id},
};

/// Prints a new secret and the section `[[clients]]` with its hash. Nothing is stored: the secret is shown this once.
pub(crate) fn new_client(id: &str, output: Output) -> Result<(), StartError> {
    let secret = ClientSecret::random()?;
    let hash = secret.hash();
    check_id(id)?;
    let section = format!("[[clients]]\nid = '{id}'\nsecret_sha256 = \"{hash}\"\n");
    let text = format!(
        "The secret of {id}, which is shown only now:\n\n  {}\n\nFor the configuration file:\n\n{section}may = [\"introspect\"]",
        secret.expose(),
    );
    output.say(&text, &json!({ "id": id, "secret": secret.expose(), "secret_sha256": hash }))
}
