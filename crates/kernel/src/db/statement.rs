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
    pub numbered: OnceLock<String>,
}

impl Statement {
    /// The text for one engine.
    pub fn text(&self, engine: Engine) -> &str {
        match engine {
            // `$1` would be a named parameter in SQLite; `?1` is the first.
            Engine::Sqlite => self.numbered.get_or_init(|| self.sqlite.replace('$', "?")),
            Engine::Postgres => self.postgres,
        }
    }

    /// How many parameters the text takes.
    pub fn parameters(&self) -> usize {
        let numbers = self.postgres.split('$').skip(1).map(|rest| {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest[..digits].parse().unwrap_or(0)
        });
        numbers.max().unwrap_or(0)
    }
}

/// Makes a [`Statement`] and enters it in the list.
///
/// `sql!("…")` for a text that serves both engines, `sql!(sqlite: "…", postgres: "…")` where they differ; a last
/// `scan = "reason"` allows the planner to read the whole table.
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
            numbered: ::std::sync::OnceLock::new(),
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
