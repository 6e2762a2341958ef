//! Who may see what, decided here and nowhere else.

/// The condition under which rows of a table under this alias are shown, for use within `concat!`. It is the whole
/// decision in lists, and the indexes of `migrations/0003_catalog.sql` carry it.
macro_rules! visible {
    ($alias:literal) => {
        concat!($alias, ".hidden_us IS NULL")
    };
}
pub(crate) use visible;
