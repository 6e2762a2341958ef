//! Lists the migrations so that the program carries them all: `migrations/NNNN_name.sql`, and beside one
//! `NNNN_name.pg.sql` where PostgreSQL needs another text.

use std::{env, fmt::Write as _, fs, path::Path};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the migrations folder is part of the sources")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "sql"))
        .collect();
    names.sort();
    let mut list = String::from("[\n");
    for name in names.iter().filter(|name| !name.ends_with(".pg.sql")) {
        let stem = name.trim_end_matches(".sql");
        let path = folder.join(name);
        let other = folder.join(format!("{stem}.pg.sql"));
        let postgres = if other.exists() {
            format!("Some(include_str!({:?}))", other.display().to_string())
        } else {
            "None".to_owned()
        };
        writeln!(
            list,
            "Migration {{ name: {stem:?}, text: include_str!({:?}), postgres: {postgres} }},",
            path.display().to_string()
        )
        .expect("writing to a string succeeds");
    }
    list.push(']');
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("migrations.rs"), list).expect("OUT_DIR can be written");
}
