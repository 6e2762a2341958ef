//! Statements and the list of all of them.

use std::sync::OnceLock;

use super::Engine;

pub use slice::STATEMENTS;

#[allow(unsafe_code, reason = "linkme names a section for the linker; what it puts there is plain data")]
mod slice {
    /// Every statement of the program, put together by the linker.
    #[linkme::distributed_slice]
    pub static STATEMENTS: [&'static super::Statement];
}

/// One SQL statement for both engines. Made with [`sql!`](crate::sql).
#[derive(Debug)]
pub struct Statement {
    /// The text for `SQLite`, with `$1` for parameters.
    pub sqlite: &'static str,
    /// The text for `PostgreSQL`; the same unless the engines really differ.
    pub postgres: &'static str,
    /// Why this statement may read a whole table, if it may.
    pub scan: Option<&'static str>,
    /// Where it stands in the sources.
    pub place: &'static str,
    #[doc(hidden)]
    pub numbered: [OnceLock<String>; 2],
}

/// The parameter that no caller gives: what the transaction may see, as [`Tx::see`](super::Tx::see) was told.
const SCOPE: &str = "$scope";

impl Statement {
    /// The text for one engine, with every parameter as a number. That of what the transaction may see is the last.
    pub fn text(&self, engine: Engine) -> &str {
        match engine {
            // `$1` would be a named parameter in SQLite; `?1` is the first.
            Engine::Sqlite => self.numbered[0].get_or_init(|| numbered(self.sqlite).replace('$', "?")),
            Engine::Postgres if !self.is_scoped() => self.postgres,
            Engine::Postgres => self.numbered[1].get_or_init(|| numbered(self.postgres)),
        }
    }

    /// How many parameters the text takes.
    pub fn parameters(&self) -> usize {
        parameters(self.postgres) + usize::from(self.is_scoped())
    }

    /// Whether it asks what the transaction may see.
    pub fn is_scoped(&self) -> bool {
        self.postgres.contains(SCOPE)
    }
}

/// The highest number of a parameter.
fn parameters(text: &str) -> usize {
    let numbers = text.split('$').skip(1).map(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        rest[..digits].parse().unwrap_or(0)
    });
    numbers.max().unwrap_or(0)
}

/// The text with a number for what the transaction may see.
fn numbered(text: &str) -> String {
    text.replace(SCOPE, &format!("${}", parameters(text) + 1))
}

/// Makes a [`Statement`] and enters it in the list.
///
/// `sql!("…")` for a text that serves both engines, `sql!(sqlite: "…", postgres: "…")` where they differ; a last
/// `scan = "reason"` allows the planner to read the whole table. `$scope` in a text is what the transaction may see.
#[macro_export]
macro_rules! sql {
    ($text:expr $(, scan = $why:literal)? $(,)?) => {
        $crate::sql!(@make $text, $text, ($($why)?))
    };
    (sqlite: $sqlite:expr, postgres: $postgres:expr $(, scan = $why:literal)? $(,)?) => {
        $crate::sql!(@make $sqlite, $postgres, ($($why)?))
    };
    (@make $sqlite:expr, $postgres:expr, ($($why:literal)?)) => {{
        static STATEMENT: $crate::db::Statement = $crate::db::Statement {
            sqlite: $sqlite,
            postgres: $postgres,
            scan: $crate::sql!(@why $($why)?),
            place: concat!(file!(), ":", line!()),
            numbered: [::std::sync::OnceLock::new(), ::std::sync::OnceLock::new()],
        };
        #[allow(unsafe_code, reason = "linkme names a section for the linker; what it puts there is plain data")]
        const _: () = {
            #[$crate::linkme::distributed_slice($crate::db::STATEMENTS)]
            #[linkme(crate = $crate::linkme)]
            static ENTRY: &'static $crate::db::Statement = &STATEMENT;
        };
        &STATEMENT
    }};
    (@why $why:literal) => { Some($why) };
    (@why) => { None };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_seen_is_the_last_parameter_of_either_engine() {
        let sql = crate::sql!("SELECT $2, $scope, $1 + $scope");
        assert_eq!(sql.text(Engine::Sqlite), "SELECT ?2, ?3, ?1 + ?3");
        assert_eq!(sql.text(Engine::Postgres), "SELECT $2, $3, $1 + $3");
        assert_eq!((sql.parameters(), sql.is_scoped()), (3, true));
        let plain = crate::sql!("SELECT $1");
        assert_eq!(
            (plain.text(Engine::Postgres), plain.parameters(), plain.is_scoped()),
            ("SELECT $1", 1, false)
        );
    }
}
