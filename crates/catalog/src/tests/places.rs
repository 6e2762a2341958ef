//! Where many things lie and how many folders look, at what cost.

use kernel::{on_both_engines, testkit::World};

on_both_engines! {
    async fn what_is_asked_of_many_folders_goes_along_indexes_for_each(world: World) {
        let mut asked = 0;
        for statement in kernel::db::STATEMENTS.iter().filter(|one| one.place.contains("read/folders.rs")) {
            let plan = world.ctx.db().plan(statement).await.expect("the statement can be prepared").join("\n");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{}:\n{plan}", statement.place);
            for (begins, index) in [
                ("t.folder_id = ", "catalog_track_in"),
                ("t.album_id = ", "catalog_track_shown"),
                ("c.parent_id = ", "catalog_folder_in"),
            ] {
                let uses = plan.contains(index) || !statement.sqlite.contains(begins);
                assert!(uses, "{} without {index}:\n{plan}", statement.place);
            }
            asked += 1;
        }
        assert_eq!(asked, 7);
    }
}
