//! The list of what is wrong.

use catalog::LibraryId;
use kernel::{Fault, Time, db::Tx, params, sql};

use crate::{library::path, scan::trouble::Trouble};

/// What has a problem.
#[derive(Clone, Copy, Debug)]
pub(in crate::scan) struct ProblemOf<'a> {
    pub(in crate::scan) library: LibraryId,
    /// The folder, with zero bytes for slashes.
    pub(in crate::scan) folder: &'a [u8],
    /// A name in it; empty for the folder itself.
    pub(in crate::scan) name: &'a [u8],
    /// The file, when the problem goes with it.
    pub(in crate::scan) file: Option<i64>,
    /// Which walk found it.
    pub(in crate::scan) pass: i64,
}

impl ProblemOf<'_> {
    fn path(&self) -> Vec<u8> {
        let mut path: Vec<u8> =
            self.folder.iter().map(|byte| if *byte == 0 { b'/' } else { *byte }).collect();
        if !path.is_empty() && !self.name.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(self.name);
        path
    }
}

/// Enters a problem, or renews it.
pub(in crate::scan) fn put_problem(
    tx: &mut Tx<'_>,
    id: i64,
    of: ProblemOf<'_>,
    trouble: &Trouble,
    now: Time,
) -> Result<(), Fault> {
    let path = of.path();
    let shown = if path.is_empty() { ".".to_owned() } else { path::show(&path) };
    tx.run(
        sql!(
            "INSERT INTO ingest_problem (id, library_id, key, file_id, pass, path, code, reason, seen_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (library_id, key) DO UPDATE SET file_id = excluded.file_id, pass = excluded.pass,
                code = excluded.code, reason = excluded.reason, seen_us = excluded.seen_us"
        ),
        params![
            id,
            of.library,
            *blake3::hash(&path).as_bytes(),
            of.file,
            of.pass,
            shown,
            trouble.code,
            &trouble.reason,
            now
        ],
    )?;
    Ok(())
}

/// Forgets what was wrong with a file.
pub(in crate::scan) fn clear_problem(tx: &mut Tx<'_>, file: i64) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM ingest_problem WHERE file_id = $1"), params![file])?;
    Ok(())
}

/// Forgets what of one kind was wrong with a file.
pub(in crate::scan) fn clear_problem_of_kind(tx: &mut Tx<'_>, file: i64, code: &str) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM ingest_problem WHERE file_id = $1 AND code = $2"), params![file, code])?;
    Ok(())
}

/// The reason of what of one kind is wrong with a file.
pub(in crate::scan) fn problem_of_kind(
    tx: &mut Tx<'_>,
    file: i64,
    code: &str,
) -> Result<Option<String>, Fault> {
    tx.one(
        sql!("SELECT reason FROM ingest_problem WHERE file_id = $1 AND code = $2"),
        params![file, code],
        |row| row.get(0),
    )
}

/// Forgets what earlier walks found and this one did not.
pub(in crate::scan) fn clear_walk_problems(
    tx: &mut Tx<'_>,
    library: LibraryId,
    pass: i64,
) -> Result<(), Fault> {
    tx.run(
        sql!("DELETE FROM ingest_problem WHERE library_id = $1 AND file_id IS NULL AND pass < $2"),
        params![library, pass],
    )?;
    Ok(())
}
