//! The server's check of a password, for users that exist and for others.

use jwt_extended_benches::timing::welch;
use jwt_extended_server::{Users, hash};
use tokio::runtime::Builder;
use zeroize::Zeroizing;

/// Each takes about 20 ms.
const MEASUREMENTS: usize = 800;

/// bcrypt with its lowest cost, of the password `rabbit`.
const CHEAP: &str = "$2b$04$cwZmSobPYjMpb1uLtU220uQ3y18zainnMh1UHHwTQnS3NcWBKDtTG";

/// Compares a name that no user has with a wrong password of one.
pub(crate) fn unknown_or_wrong() -> f64 {
    of_names(&hash("rabbit").unwrap())
}

/// Compares a name that no user has with a user whose hash costs less than the server's own.
pub(crate) fn unknown_or_cheap() -> f64 {
    of_names(CHEAP)
}

fn of_names(hash: &str) -> f64 {
    let users = Users::new([("alice".to_owned(), hash.to_owned())]).unwrap();
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    welch(MEASUREMENTS, 1, ["nobody", "alice"], |name| {
        let wrong = Zeroizing::new("not the rabbit".to_owned());
        runtime.block_on(users.check(name, wrong)).unwrap().is_some()
    })
}
