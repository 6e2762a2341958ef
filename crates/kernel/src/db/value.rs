//! Values on their way into a statement, and columns on their way out.

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::{Fault, Time};

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// NULL of whatever type the statement expects.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The parameters of a statement; see [`params!`](crate::params).
pub type Params = Vec<Value>;

macro_rules! value_from {
    ($($from:ty => $make:expr),* $(,)?) => { $(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                #[allow(clippy::redundant_closure_call, reason = "the macro's callers read better with closures")]
                ($make)(value)
            }
        }
    )* };
}

value_from! {
    bool => Self::Bool,
    i64 => Self::Int,
    i32 => |value| Self::Int(i64::from(value)),
    u32 => |value| Self::Int(i64::from(value)),
    u16 => |value| Self::Int(i64::from(value)),
    f64 => Self::Real,
    &str => |value: &str| Self::Text(value.to_owned()),
    &String => |value: &String| Self::Text(value.clone()),
    String => Self::Text,
    &[u8] => |value: &[u8]| Self::Bytes(value.to_vec()),
    &Vec<u8> => |value: &Vec<u8>| Self::Bytes(value.clone()),
    Vec<u8> => Self::Bytes,
    [u8; 32] => |value: [u8; 32]| Self::Bytes(value.to_vec()),
    Time => |value: Time| Self::Int(value.0),
}

impl<T> From<Option<T>> for Value
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Bool(value), _) => value.to_sql(ty, out),
            (Self::Int(value), &Type::INT4) => i32::try_from(*value)?.to_sql(ty, out),
            (Self::Int(value), &Type::INT2) => i16::try_from(*value)?.to_sql(ty, out),
            #[expect(clippy::cast_precision_loss, reason = "the statement asked for a real number")]
            (Self::Int(value), &Type::FLOAT8) => (*value as f64).to_sql(ty, out),
            (Self::Int(value), _) => value.to_sql(ty, out),
            (Self::Real(value), _) => value.to_sql(ty, out),
            (Self::Text(value), _) => value.to_sql(ty, out),
            (Self::Bytes(value), _) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // A mismatch shows when the server refuses the message; the test of every statement runs into it.
        true
    }

    to_sql_checked!();
}

/// A row of an answer.
pub enum Row<'a> {
    #[doc(hidden)]
    Sqlite(&'a rusqlite::Row<'a>),
    #[doc(hidden)]
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// The column at `index`, counted from 0.
    pub fn get<T: Column>(&self, index: usize) -> Result<T, Fault> {
        match self {
            Self::Sqlite(row) => T::take(Cell::Sqlite(
                row.get_ref(index).map_err(|error| Fault::from_error("a column is missing", error))?,
            )),
            Self::Postgres(row) => T::take(Cell::Postgres(row, index)),
        }
    }
}

/// One field of one row.
pub enum Cell<'a> {
    #[doc(hidden)]
    Sqlite(rusqlite::types::ValueRef<'a>),
    #[doc(hidden)]
    Postgres(&'a tokio_postgres::Row, usize),
}

impl Cell<'_> {
    fn is_null(&self) -> Result<bool, Fault> {
        match self {
            Self::Sqlite(value) => Ok(matches!(value, rusqlite::types::ValueRef::Null)),
            Self::Postgres(row, index) => Ok(row
                .try_get::<_, Option<Anything>>(*index)
                .map_err(|error| Fault::from_error("a column is missing", error))?
                .is_none()),
        }
    }
}

/// Takes any type, to ask whether there is a value at all.
struct Anything;

impl tokio_postgres::types::FromSql<'_> for Anything {
    fn from_sql(_: &Type, _: &[u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A type that a column can be read into.
pub trait Column: Sized {
    /// Reads it; a fault when the column holds something else.
    fn take(cell: Cell<'_>) -> Result<Self, Fault>;
}

fn from_sqlite<T: rusqlite::types::FromSql>(value: rusqlite::types::ValueRef<'_>) -> Result<T, Fault> {
    T::column_result(value).map_err(|error| Fault::from_error("a column is of another type", error))
}

fn from_postgres<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a tokio_postgres::Row,
    index: usize,
) -> Result<T, Fault> {
    row.try_get(index).map_err(|error| Fault::from_error("a column is of another type", error))
}

macro_rules! column {
    ($($ty:ty),*) => { $(
        impl Column for $ty {
            fn take(cell: Cell<'_>) -> Result<Self, Fault> {
                match cell {
                    Cell::Sqlite(value) => from_sqlite(value),
                    Cell::Postgres(row, index) => from_postgres(row, index),
                }
            }
        }
    )* };
}

column!(bool, f64, String, Vec<u8>);

impl Column for i64 {
    fn take(cell: Cell<'_>) -> Result<Self, Fault> {
        match cell {
            Cell::Sqlite(value) => from_sqlite(value),
            Cell::Postgres(row, index) => match *row.columns()[index].type_() {
                Type::INT4 => from_postgres::<i32>(row, index).map(Self::from),
                Type::INT2 => from_postgres::<i16>(row, index).map(Self::from),
                _ => from_postgres(row, index),
            },
        }
    }
}

macro_rules! narrow_column {
    ($($ty:ty),*) => { $(
        impl Column for $ty {
            fn take(cell: Cell<'_>) -> Result<Self, Fault> {
                let wide = i64::take(cell)?;
                Self::try_from(wide).map_err(|error| Fault::from_error("a number is out of its range", error))
            }
        }
    )* };
}

narrow_column!(i32, u32, u16, u64);

impl Column for Time {
    fn take(cell: Cell<'_>) -> Result<Self, Fault> {
        i64::take(cell).map(Self)
    }
}

impl<T: Column> Column for Option<T> {
    fn take(cell: Cell<'_>) -> Result<Self, Fault> {
        if cell.is_null()? { Ok(None) } else { T::take(cell).map(Some) }
    }
}
