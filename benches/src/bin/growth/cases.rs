//! What grows in each plot.

use std::{
    hint::black_box,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement, Timestamp,
    jose::{Key, KeyRing},
    session::{MemoryStore, SessionStore as _},
    test_util::sessions::revoked_token,
};
use jwt_extended_benches::now;

use crate::{Case, Program, repeat};

/// All plots.
pub(crate) const ALL: [fn() -> Case; 5] = [token, keys, revoked, threads, sessions];

/// A secret of a bench, which protects nothing.
const SECRET: &str = "a secret of at least thirty-two bytes, for measuring only";

/// How many revocations the largest store has.
const MOST_REVOKED: u64 = 10_000_000;

fn token() -> Case {
    let sizes = [0, 250, 1000, 2200, 4600, 5700].map(|padding| {
        let jwt = manager(MemoryStore::new());
        let claims = serde_json::json!({ "padding": "x".repeat(padding) });
        let token = jwt.access_token("alice").additional_claims(&claims).create().unwrap();
        (token.len() as u64, guard(&Arc::new(jwt), &token))
    });
    Case::of_times("token", "A guarded request, by the length of its token", "bytes of the token", sizes.into())
}

fn keys() -> Case {
    let sizes = [1_u64, 10, 100, 1000].map(|keys| {
        let key = |number: u64| {
            Key::hs256(format!("{SECRET}, number {number}")).unwrap().with_kid(&format!("key-{number}")).unwrap()
        };
        let ring = (1..keys).fold(KeyRing::new(key(0)), |ring, number| ring.also_verify(key(number)).unwrap());
        // The last key has signed the token.
        let token = JwtManager::builder().key(key(keys - 1)).build().unwrap().create_access_token("alice").unwrap();
        let jwt = JwtManager::builder().key_ring(ring).session_store(MemoryStore::new()).build().unwrap();
        (keys, guard(&Arc::new(jwt), &token))
    });
    Case::of_times("keys", "A guarded request, by the number of keys", "keys that verify", sizes.into())
}

fn revoked() -> Case {
    let sizes = [1_u64, 1000, 10_000, 100_000, 1_000_000, MOST_REVOKED].map(|revoked| {
        let store = MemoryStore::with_capacity(usize::try_from(MOST_REVOKED).unwrap());
        let at = Timestamp::from_secs(1_800_000_000);
        for number in 0..revoked {
            let jti = format!("{:08x}-aaaa-4aaa-8aaa-{number:012x}", number.wrapping_mul(0x9e37_79b9) & 0xffff_ffff);
            now(store.revoke(&revoked_token(&format!("user {}", number % 1000), &jti, None, at)).wait()).unwrap();
        }
        let jwt = Arc::new(manager(store));
        // A thousand users, whose tokens are in all parts of the store.
        let guards: Vec<_> =
            (0..1000).map(|user| request(&jwt.create_access_token(&*format!("user {user}")).unwrap())).collect();
        let mut next = 0;
        let requirement = Requirement::access();
        let program = repeat(move || {
            next = (next + 1) % guards.len();
            black_box(now(jwt.authenticate(black_box(&guards[next]), &requirement)).unwrap());
        });
        (revoked, program)
    });
    Case::of_times("revoked", "A guarded request, by the revocations in a memory store", "revoked tokens", sizes.into())
}

fn threads() -> Case {
    let jwt = Arc::new(manager(MemoryStore::new()));
    let token = jwt.create_access_token("alice").unwrap();
    let sizes = [1_u64, 2, 4, 8, 16].map(|threads| {
        let (jwt, request) = (Arc::clone(&jwt), request(&token));
        let program: Program = Box::new(move |count| {
            let each = count.div_ceil(u32::try_from(threads).unwrap());
            thread::scope(|scope| {
                let started = Instant::now();
                let work: Vec<_> = (0..threads)
                    .map(|_| {
                        scope.spawn(|| {
                            let requirement = Requirement::access();
                            for _ in 0..each {
                                black_box(now(jwt.authenticate(black_box(&request), &requirement)).unwrap());
                            }
                        })
                    })
                    .collect();
                for thread in work {
                    thread.join().unwrap();
                }
                started.elapsed().max(Duration::from_nanos(1))
            })
        });
        (threads, program)
    });
    Case {
        name: "threads",
        title: "Guarded requests a second, by the threads that check them",
        along: "threads",
        up: "thousands a second",
        programs: sizes.into(),
        figure: |nanoseconds| 1e6 / nanoseconds,
    }
}

fn sessions() -> Case {
    let sizes = [1_u64, 10, 100, 1000].map(|sessions| {
        let jwt = builder(MemoryStore::new()).max_sessions(1000_usize).build().unwrap();
        let pairs: Vec<_> = (0..sessions).map(|_| now(jwt.login("alice")).unwrap()).collect();
        let token = pairs[pairs.len() / 2].access.to_string();
        (sessions, guard(&Arc::new(jwt), &token))
    });
    Case::of_times("sessions", "A guarded request, by the sessions of its user", "open sessions", sizes.into())
}

fn manager(store: MemoryStore) -> JwtManager {
    builder(store).build().unwrap()
}

fn builder(store: MemoryStore) -> JwtManagerBuilder {
    JwtManager::builder().key(Key::hs256(SECRET).unwrap()).session_store(store)
}

fn request(token: &str) -> http::request::Parts {
    let request = http::Request::builder().header("Authorization", format!("Bearer {token}")).body(()).unwrap();
    request.into_parts().0
}

/// Guards a request with a token, again and again.
fn guard(jwt: &Arc<JwtManager>, token: &str) -> Program {
    let (jwt, request, requirement) = (Arc::clone(jwt), request(token), Requirement::access());
    repeat(move || {
        black_box(now(jwt.authenticate(black_box(&request), &requirement)).unwrap());
    })
}
