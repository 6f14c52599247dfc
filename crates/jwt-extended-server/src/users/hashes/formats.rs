//! The formats in which programs write password hashes: PHC strings, bcrypt, Werkzeug (Flask), Django and passlib.
//!
//! It reads them into a [`Function`], and computes nothing.

use argon2::{Params, password_hash::phc};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD},
};
use zeroize::Zeroizing;

use super::{
    HashKind,
    function::{BcryptInput, Digest, Function, ScryptCost},
};

/// How many rounds Werkzeug takes for a hash that does not say it (Werkzeug 3.1).
const WERKZEUG_ROUNDS: u32 = 1_000_000;
/// The cost that Werkzeug takes for a hash that does not say it.
const WERKZEUG_SCRYPT: ScryptCost = ScryptCost { log_n: 15, r: 8, p: 1 };
/// The length of the results of scrypt in Python's `hashlib`, which Werkzeug and Django use.
const PYTHON_SCRYPT: usize = 64;
/// The shortest result that proves a password, in bytes. The start of a result of PBKDF2 or scrypt is a result, too.
const SHORTEST: usize = 16;
/// The longest, in bytes.
const LONGEST: usize = 64;

/// The kind of a hash, and its function; `None` if its text is damaged.
type Read = (HashKind, Option<Function>);

/// Reads a hash; `None` if the format is unknown.
pub(super) fn read(text: &str) -> Option<Read> {
    let (name, rest) = text.strip_prefix('$').unwrap_or(text).split_once('$')?;
    if text.starts_with('$') { read_modular(text, name, rest) } else { read_named(name, rest) }
}

/// Reads a hash that begins with `$`: a PHC string, that of bcrypt, or one of passlib.
fn read_modular(text: &str, name: &str, rest: &str) -> Option<Read> {
    Some(match name {
        "argon2id" => (HashKind("argon2id"), argon2(text)),
        "argon2i" => (HashKind("argon2i"), argon2(text)),
        "argon2d" => (HashKind("argon2d"), argon2(text)),
        "scrypt" => (HashKind("scrypt"), phc_scrypt(rest)),
        // passlib writes no digest for SHA-1.
        "pbkdf2" | "pbkdf2-sha1" => (HashKind("pbkdf2-sha1"), phc_pbkdf2(Digest::Sha1, rest)),
        "pbkdf2-sha256" => (HashKind("pbkdf2-sha256"), phc_pbkdf2(Digest::Sha256, rest)),
        "pbkdf2-sha512" => (HashKind("pbkdf2-sha512"), phc_pbkdf2(Digest::Sha512, rest)),
        "2a" | "2b" | "2y" => (HashKind("bcrypt"), bcrypt(text, BcryptInput::Password)),
        _ => return None,
    })
}

/// Reads a hash that begins with the name of a method: those of Werkzeug and Django.
fn read_named(name: &str, rest: &str) -> Option<Read> {
    let (method, arguments) = name.split_once(':').unwrap_or((name, ""));
    Some(match method {
        "pbkdf2_sha256" => (HashKind("django-pbkdf2-sha256"), django_pbkdf2(Digest::Sha256, rest)),
        "pbkdf2_sha1" => (HashKind("django-pbkdf2-sha1"), django_pbkdf2(Digest::Sha1, rest)),
        "argon2" => match read(&format!("${rest}"))? {
            (HashKind("argon2id"), function) => (HashKind("django-argon2id"), function),
            (HashKind("argon2i"), function) => (HashKind("django-argon2i"), function),
            (HashKind("argon2d"), function) => (HashKind("django-argon2d"), function),
            _ => return None,
        },
        "bcrypt_sha256" => (HashKind("django-bcrypt-sha256"), bcrypt(rest, BcryptInput::Sha256)),
        "bcrypt" => (HashKind("django-bcrypt"), bcrypt(rest, BcryptInput::Password)),
        // Django writes five values, and Werkzeug a salt and a result.
        "scrypt" if rest.matches('$').count() == 4 => (HashKind("django-scrypt"), django_scrypt(rest)),
        "scrypt" => (HashKind("werkzeug-scrypt"), werkzeug_scrypt(arguments, rest)),
        "pbkdf2" => {
            let (digest, rounds) = arguments.split_once(':').unwrap_or((arguments, ""));
            let (kind, digest) = match digest {
                "" | "sha256" => (HashKind("werkzeug-pbkdf2-sha256"), Digest::Sha256),
                "sha1" => (HashKind("werkzeug-pbkdf2-sha1"), Digest::Sha1),
                "sha512" => (HashKind("werkzeug-pbkdf2-sha512"), Digest::Sha512),
                _ => return None,
            };
            (kind, werkzeug_pbkdf2(digest, rounds, rest))
        }
        _ => return None,
    })
}

fn argon2(text: &str) -> Option<Function> {
    let hash = phc::PasswordHash::new(text).ok()?;
    let is_complete = hash.salt.is_some() && hash.hash.is_some();
    let params = Params::try_from(&hash).ok().filter(|_| is_complete)?;
    Some(Function::Argon2 { params, hash: Box::new(hash) })
}

/// Reads `ln=…,r=…,p=…$salt$result`.
fn phc_scrypt(rest: &str) -> Option<Function> {
    let [cost, salt, output] = fields(rest)?;
    let [log_n, r, p] = list(cost, ',')?;
    let cost = ScryptCost {
        log_n: number(log_n.strip_prefix("ln=")?)?,
        r: number(r.strip_prefix("r=")?)?,
        p: number(p.strip_prefix("p=")?)?,
    };
    scrypt(cost, unpadded(salt)?, unpadded(output)?)
}

/// Reads `i=…,l=…$salt$result`, or passlib's `rounds$salt$result`, whose base64 has `.` for `+`.
fn phc_pbkdf2(digest: Digest, rest: &str) -> Option<Function> {
    let [cost, salt, output] = fields(rest)?;
    let Some(named) = cost.strip_prefix("i=") else {
        let [salt, output] = [salt, output].map(|text| Zeroizing::new(text.replace('.', "+")));
        return pbkdf2(digest, number(cost)?, unpadded(&salt)?, whole(unpadded(&output)?, digest.size())?);
    };
    let output = unpadded(output)?;
    let rounds = match named.split_once(",l=") {
        Some((rounds, length)) if number::<usize>(length)? == output.len() => rounds,
        Some(_) => return None,
        None => named,
    };
    pbkdf2(digest, number(rounds)?, unpadded(salt)?, output)
}

/// Reads `rounds$salt$result`, whose salt is text.
fn django_pbkdf2(digest: Digest, rest: &str) -> Option<Function> {
    let [rounds, salt, output] = fields(rest)?;
    pbkdf2(digest, number(rounds)?, as_bytes(salt), whole(padded(output)?, digest.size())?)
}

/// Reads `n$salt$r$p$result`, whose salt is text.
fn django_scrypt(rest: &str) -> Option<Function> {
    let [n, salt, r, p, output] = fields(rest)?;
    let cost = ScryptCost { log_n: exponent(n)?, r: number(r)?, p: number(p)? };
    scrypt(cost, as_bytes(salt), whole(padded(output)?, PYTHON_SCRYPT)?)
}

/// Reads the arguments `n:r:p`, and `salt$result`.
fn werkzeug_scrypt(arguments: &str, rest: &str) -> Option<Function> {
    let [salt, output] = fields(rest)?;
    let cost = if arguments.is_empty() {
        WERKZEUG_SCRYPT
    } else {
        let [n, r, p] = list(arguments, ':')?;
        ScryptCost { log_n: exponent(n)?, r: number(r)?, p: number(p)? }
    };
    scrypt(cost, as_bytes(salt), whole(hex(output)?, PYTHON_SCRYPT)?)
}

/// Reads the number of rounds, and `salt$result`.
fn werkzeug_pbkdf2(digest: Digest, rounds: &str, rest: &str) -> Option<Function> {
    let [salt, output] = fields(rest)?;
    let rounds = if rounds.is_empty() { WERKZEUG_ROUNDS } else { number(rounds)? };
    pbkdf2(digest, rounds, as_bytes(salt), whole(hex(output)?, digest.size())?)
}

fn bcrypt(text: &str, input: BcryptInput) -> Option<Function> {
    let parts: ::bcrypt::HashParts = text.parse().ok()?;
    let is_known = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
    let cost = Some(parts.get_cost()).filter(|cost| is_known && (4..=31).contains(cost))?;
    Some(Function::Bcrypt { text: Zeroizing::new(text.to_owned()), cost, input })
}

fn scrypt(cost: ScryptCost, salt: Zeroizing<Vec<u8>>, output: Zeroizing<Vec<u8>>) -> Option<Function> {
    let is_possible = cost.log_n > 0 && cost.r > 0 && cost.p > 0 && is_long_enough(&salt, &output);
    is_possible.then_some(Function::Scrypt { cost, salt, output })
}

fn pbkdf2(digest: Digest, rounds: u32, salt: Zeroizing<Vec<u8>>, output: Zeroizing<Vec<u8>>) -> Option<Function> {
    (rounds > 0 && is_long_enough(&salt, &output)).then_some(Function::Pbkdf2 { digest, rounds, salt, output })
}

fn is_long_enough(salt: &[u8], output: &[u8]) -> bool {
    !salt.is_empty() && (SHORTEST..=LONGEST).contains(&output.len())
}

/// Returns a result that has exactly this length: one that was cut off is also a result, of a weaker hash.
fn whole(output: Zeroizing<Vec<u8>>, length: usize) -> Option<Zeroizing<Vec<u8>>> {
    (output.len() == length).then_some(output)
}

/// Splits at each `$` into exactly this many fields.
fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    list(text, '$')
}

fn list<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let parts: Vec<&str> = text.split(separator).collect();
    parts.try_into().ok()
}

/// Reads a number without a sign.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Reads N of scrypt, a power of two, and returns its exponent.
fn exponent(n: &str) -> Option<u8> {
    let n: u64 = number(n)?;
    u8::try_from(n.checked_ilog2()?).ok().filter(|_| n.is_power_of_two())
}

fn as_bytes(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_bytes().to_vec())
}

fn padded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    BASE64_STANDARD.decode(text).ok().map(Zeroizing::new)
}

fn unpadded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    BASE64_STANDARD_NO_PAD.decode(text).ok().map(Zeroizing::new)
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}
