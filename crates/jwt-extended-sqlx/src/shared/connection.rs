//! The operations of a connection that the steps use, the same for both databases.
//!
//! sqlx can be generic over databases, at the price of a dozen bounds on every function. Here two databases implement
//! one small trait each.

use std::future::Future;

use sqlx::Error;

/// An argument of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// A text, or NULL.
    Text(Option<&'a str>),
    /// A time or a number.
    Integer(i64),
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::Text(text.as_deref())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// A connection to a database.
pub(crate) trait Connection: Send {
    /// A row of a result.
    type Row: Row;

    /// Delete at most `$2` rows that have ended by `$1`, each from one table.
    const PURGE: [&'static str; 3];

    /// Runs a statement, and returns how many rows it changed.
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Returns the first row of a query.
    fn row(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Option<Self::Row>, Error>> + Send;

    /// Returns all rows of a query.
    fn rows(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<Self::Row>, Error>> + Send;
}

/// A row of a result.
pub(crate) trait Row: Send {
    /// Reads a text.
    fn text(&self, column: usize) -> Result<String, Error>;

    /// Reads a text or NULL.
    fn optional_text(&self, column: usize) -> Result<Option<String>, Error>;

    /// Reads a `bigint`.
    fn integer(&self, column: usize) -> Result<i64, Error>;

    /// Reads the result of `CASE WHEN … THEN 1 ELSE 0 END`.
    fn flag(&self, column: usize) -> Result<bool, Error>;
}

/// Implements a connection over sqlx. `|this| …` gives what runs the statements.
macro_rules! impl_connection {
    ($connection:ty, $row:ty, persistent: $persistent:expr, |$this:ident| $executor:expr, purge: $purge:expr) => {
        impl $crate::shared::connection::Connection for $connection {
            type Row = $row;

            const PURGE: [&'static str; 3] = $purge;

            async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, sqlx::Error> {
                let $this = self;
                Ok(query(sql, values).persistent($persistent).execute($executor).await?.rows_affected())
            }

            async fn row(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Option<$row>, sqlx::Error> {
                let $this = self;
                query(sql, values).persistent($persistent).fetch_optional($executor).await
            }

            async fn rows(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<$row>, sqlx::Error> {
                let $this = self;
                query(sql, values).persistent($persistent).fetch_all($executor).await
            }
        }
    };
}
pub(crate) use impl_connection;

/// Implements a row for a database of sqlx, and defines the function `query`.
macro_rules! impl_row {
    ($database:ident, $row:ty) => {
        impl $crate::shared::connection::Row for $row {
            fn text(&self, column: usize) -> Result<String, sqlx::Error> {
                sqlx::Row::try_get(self, column)
            }

            fn optional_text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
                sqlx::Row::try_get(self, column)
            }

            fn integer(&self, column: usize) -> Result<i64, sqlx::Error> {
                sqlx::Row::try_get(self, column)
            }

            fn flag(&self, column: usize) -> Result<bool, sqlx::Error> {
                sqlx::Row::try_get::<i32, _>(self, column).map(|flag| flag == 1)
            }
        }

        fn query<'q>(
            sql: &'static str,
            values: &[Value<'_>],
        ) -> sqlx::query::Query<'q, $database, <$database as sqlx::Database>::Arguments> {
            values.iter().fold(sqlx::query(sql), |query, value| match *value {
                Value::Text(text) => query.bind(text),
                Value::Integer(number) => query.bind(number),
            })
        }
    };
}
pub(crate) use impl_row;
