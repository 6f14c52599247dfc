//! The table of sealed keys, in SQLite or PostgreSQL. All processes on one database share it.
//!
//! Each change states what it expects to find, so of two processes that do the same at once, one does it.

use std::time::Duration;

use jwt_extended_axum::{
    jose::{Algorithm, Key},
    jwt_extended::Timestamp,
};
use sqlx::Row as _;

use super::{
    KeyRow, KeysError, MasterKey, NewKey, generate,
    master::Context,
    plan::{Due, Plan},
    read,
};
use crate::sql::{Pool, change, micros, on};

/// The table. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct KeyTable {
    pool: Pool,
}

/// Whether a change found what it expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Another process was first.
    Lost,
}

impl Outcome {
    fn of(rows: u64) -> Self {
        if rows == 0 { Self::Lost } else { Self::Done }
    }
}

impl KeyTable {
    /// Opens the table, and creates it if it is missing.
    pub(crate) async fn open(pool: Pool) -> Result<Self, KeysError> {
        const COUNT: &str = "SELECT count(*) FROM jwt_keys";
        pool.create_unless(COUNT, include_str!("../../migrations/keys.sql")).await?;
        Ok(Self { pool })
    }

    /// Returns what there is, without the keys themselves. It is cheap enough to be asked every few seconds.
    pub(crate) async fn rows(&self) -> Result<Vec<KeyRow>, KeysError> {
        const ROWS: &str = "SELECT kid, algorithm, master_id, published_at, signs_from FROM jwt_keys \
            ORDER BY published_at, kid";
        let time = |micros: i64| Timestamp::from_micros(u64::try_from(micros).unwrap_or(0));
        let rows = on!(self.pool, pool => sqlx::query(ROWS).persistent(false).fetch_all(pool).await
            .and_then(|rows| rows.iter().map(|row| Ok(KeyRow {
                kid: row.try_get(0)?,
                algorithm: row.try_get(1)?,
                master_id: row.try_get(2)?,
                published_at: time(row.try_get(3)?),
                signs_from: row.try_get::<Option<i64>, _>(4)?.map(time),
            })).collect::<Result<Vec<_>, _>>()))?;
        Ok(rows)
    }

    /// Opens the keys of these rows, in their order. A row that has gone meanwhile is left out.
    pub(crate) async fn keys(&self, rows: &[KeyRow], master: &MasterKey) -> Result<Vec<(KeyRow, Key)>, KeysError> {
        const SEALED: &str = "SELECT sealed FROM jwt_keys WHERE kid = $1";
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let sealed = on!(self.pool, pool => sqlx::query_scalar::<_, String>(SEALED)
                .persistent(false).bind(&row.kid).fetch_optional(pool).await)?;
            let Some(sealed) = sealed else { continue };
            let algorithm = Algorithm::from_name(&row.algorithm);
            let algorithm = algorithm.ok_or_else(|| KeysError::UnknownAlgorithm(row.kid.clone()))?;
            let text = master.unseal(Context { kid: &row.kid, algorithm }, &row.master_id, &sealed)?;
            keys.push((row.clone(), read(algorithm, &row.kid, &text)?));
        }
        Ok(keys)
    }

    /// Adds a key that replaces another one; the first replaces none. A key has one successor.
    pub(crate) async fn add(
        &self,
        new: &NewKey,
        master: &MasterKey,
        follows: Option<&str>,
        now: Timestamp,
        signs_from: Option<Timestamp>,
    ) -> Result<Outcome, KeysError> {
        const ADD: &str = "INSERT INTO jwt_keys (kid, algorithm, master_id, sealed, follows, published_at, signs_from) \
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let (kid, algorithm) = (new.key.kid().unwrap_or_default(), new.key.algorithm());
        let sealed = master.seal(Context { kid, algorithm }, &new.text)?;
        let added = change!(
            self.pool,
            sqlx::query(ADD)
                .bind(kid)
                .bind(algorithm.name())
                .bind(master.id())
                .bind(&sealed)
                .bind(follows.unwrap_or_default())
                .bind(micros(now))
                .bind(signs_from.map(micros))
        )?;
        Ok(Outcome::of(added))
    }

    /// Sets from when a key signs, unless it signs already.
    pub(crate) async fn sign_from(&self, kid: &str, begin: Timestamp, now: Timestamp) -> Result<Outcome, KeysError> {
        const SET: &str = "UPDATE jwt_keys SET signs_from = $2 \
            WHERE kid = $1 AND (signs_from IS NULL OR signs_from > $3)";
        let set = change!(self.pool, sqlx::query(SET).bind(kid).bind(micros(begin)).bind(micros(now)))?;
        Ok(Outcome::of(set))
    }

    /// Sets from when a key signs, if that is not decided yet: of several processes, one decides.
    pub(crate) async fn decide(&self, kid: &str, begin: Timestamp) -> Result<Outcome, KeysError> {
        const SET: &str = "UPDATE jwt_keys SET signs_from = $2 WHERE kid = $1 AND signs_from IS NULL";
        Ok(Outcome::of(change!(self.pool, sqlx::query(SET).bind(kid).bind(micros(begin)))?))
    }

    /// Removes a key, unless it signs.
    pub(crate) async fn remove(&self, kid: &str, now: Timestamp) -> Result<Outcome, KeysError> {
        const REMOVE: &str = "DELETE FROM jwt_keys WHERE kid = $1 AND kid <> COALESCE((SELECT kid FROM jwt_keys \
            WHERE signs_from <= $2 ORDER BY signs_from DESC LIMIT 1), '')";
        Ok(Outcome::of(change!(self.pool, sqlx::query(REMOVE).bind(kid).bind(micros(now)))?))
    }

    /// Refuses a master key that did not seal these rows.
    pub(crate) fn demand_master(rows: &[KeyRow], master: &MasterKey) -> Result<(), KeysError> {
        match rows.iter().find(|row| row.master_id != master.id()) {
            None => Ok(()),
            Some(KeyRow { kid, master_id, .. }) => Err(KeysError::WrongMasterKey {
                kid: kid.clone(),
                sealed: master_id.clone(),
                given: master.id().to_owned(),
            }),
        }
    }

    /// Does what `rotate_every` asks for, unless another process has just done it.
    pub(crate) async fn rotate_when_due(
        &self,
        plan: Plan<'_>,
        every: Duration,
        algorithm: Algorithm,
        master: &MasterKey,
    ) -> Result<Outcome, KeysError> {
        match plan.due(every) {
            Due::Nothing => Ok(Outcome::Lost),
            Due::Add { follows, signs_from } => {
                let new = generate(algorithm)?;
                self.add(&new, master, Some(&follows), plan.now, Some(signs_from)).await
            }
            Due::Sign { kid, signs_from } => self.decide(&kid, signs_from).await,
        }
    }
}
